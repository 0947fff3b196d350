/** The cancellation points of a scenario. @module */
import type { CancelScope } from "../tasks/kernel/cancel/cancel_scope.ts";
import type { ScopedWait } from "../tasks/kernel/cancel/scoped_wait.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import type { Coroutine } from "../tasks/kernel/types.ts";
import { observe, Observer } from "../tasks/kernel/watch/observer.ts";
import { type Failure, runScenario } from "./_run_scenario.ts";

/** The scenario's own task is about to begin a wait. */
export interface Checkpoint {
  /** The scope of that task. */
  readonly scope: CancelScope;
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

/** Runs `scenario`, and calls `onCheckpoint` at every cancellation point. */
export function runWithCheckpoints(
  scenario: Coroutine<void>,
  onCheckpoint: (checkpoint: Checkpoint) => void,
): Promise<Failure[]> {
  let main: CancelScope | undefined;
  let open = true;
  const noteMain = () => {
    main = currentScope();
    return scenario();
  };
  const pass = (scope: CancelScope) => {
    const checkpoint = { scope, open, onWait: onWaitOf(scope) };
    if (open) queueMicrotask(() => open = true); // after the code that runs now
    open = false;
    onCheckpoint(checkpoint);
  };
  return runScenario(noteMain, {
    prepare: (loop) => {
      loop.onPoint = () => {
        if (currentScope().outermost === main) pass(main);
      };
    },
  });
}

function onWaitOf(scope: CancelScope): Checkpoint["onWait"] {
  const before = new Set(scope.waits);
  return (begun) => {
    // The wait is begun in the code that runs now, if it is.
    queueMicrotask(() => {
      const wait = scope.waits.find((wait) => !before.has(wait));
      if (wait !== undefined) begun(wait);
    });
  };
}

/**
 * Calls `woken` when `wait` was ended, after the code that has ended it and
 * before the code that waited goes on. The returned function ends this.
 */
export function onWakeUp(
  scope: CancelScope,
  wait: ScopedWait,
  woken: () => void,
): () => void {
  const observer = new class extends Observer {
    override resumes(resumed: object): void {
      if (resumed === wait) queueMicrotask(woken);
    }
  }();
  return observe(scope.loop, observer);
}
