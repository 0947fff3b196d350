/** The cancellation points of a scenario. @module */
import type { CancelScope } from "../tasks/kernel/cancel/cancel_scope.ts";
import type { ScopedWait } from "../tasks/kernel/cancel/scoped_wait.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import type { Coroutine } from "../tasks/kernel/types.ts";
import { observe, Observer } from "../tasks/kernel/watch/observer.ts";
import { type Failure, runScenario } from "./_run_scenario.ts";

/** A cancellation point: the scenario's own task is about to begin a wait. */
export interface Checkpoint {
  /** The scope of that task. */
  readonly scope: CancelScope;
  /**
   * Whether a cancel may have come by now. It cannot if another wait was begun
   * before in the same synchronous code: that wait would have got it.
   */
  readonly open: boolean;
  /**
   * Calls `begun` once the task is in the wait, unless it does not have to
   * wait.
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
    // The code that runs now begins the wait, if it has to wait.
    queueMicrotask(() => {
      const wait = scope.waits.find((wait) => !before.has(wait));
      if (wait !== undefined) begun(wait);
    });
  };
}

/**
 * Calls `woken` after the code that ends `wait`, and before the code that
 * waited resumes. The returned function ends this.
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
