/** The cancellation points of a scenario. @module */
import { currentTask } from "../tasks/create_task.ts";
import type { ScopedWait } from "../tasks/kernel/cancel/cancel_scope.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import type { Coroutine } from "../tasks/kernel/types.ts";
import { observe, Observer } from "../tasks/kernel/watch/observer.ts";
import { scopeOf, type Task } from "../tasks/task.ts";
import { type Failure, runScenario } from "./_run_scenario.ts";

/** A moment in which the scenario's own task is about to begin a wait. */
export interface Checkpoint {
  readonly task: Task<unknown>;
  /**
   * Whether a cancel may have come in by now. It can't where another wait was
   * begun before in the same synchronous code: that one would have got it.
   */
  readonly open: boolean;
  /**
   * Calls `begun` once the task stands in the wait; never, where there is
   * nothing to wait for.
   */
  onWait(begun: (wait: ScopedWait) => void): void;
}

/** Rehearses `scenario`, and calls `onPoint` at every cancellation point. */
export function runWithCheckpoints(
  scenario: Coroutine<void>,
  onPoint: (moment: Checkpoint) => void,
): Promise<Failure[]> {
  let main: Task<unknown> | undefined;
  let open = true;
  const noteMain = () => {
    main = currentTask();
    return scenario();
  };
  const pass = (task: Task<unknown>) => {
    const moment = { task, open, onWait: onWaitOf(task) };
    if (open) queueMicrotask(() => open = true); // after the code that runs now
    open = false;
    onPoint(moment);
  };
  return runScenario(noteMain, {
    prepare: (loop) => {
      loop.onPoint = () => {
        if (main !== undefined && currentScope().task === main) pass(main);
      };
    },
  });
}

function onWaitOf(task: Task<unknown>): Checkpoint["onWait"] {
  const before = new Set(scopeOf(task).waits);
  return (begun) => {
    // The wait is begun in the code that runs now, if it is.
    queueMicrotask(() => {
      const wait = scopeOf(task).waits.find((wait) => !before.has(wait));
      if (wait !== undefined) begun(wait);
    });
  };
}

/**
 * Calls `woken` when `wait` was ended, after the code that has ended it and
 * before the code that waited goes on. The returned function ends this.
 */
export function onWakeUp(
  task: Task<unknown>,
  wait: ScopedWait,
  woken: () => void,
): () => void {
  const observer = new class extends Observer {
    override resumes(resumed: object): void {
      if (resumed === wait) queueMicrotask(woken);
    }
  }();
  return observe(scopeOf(task).scheduler, observer);
}
