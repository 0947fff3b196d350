/** The cancellation points of a scenario. @module */
import { currentScope } from "../tasks/current_scope.ts";
import { currentTask, scopeOf, type Task } from "../tasks/task.ts";
import type { Coroutine } from "../tasks/types.ts";
import { type Mishap, rehearse } from "./_rehearsal.ts";

/**
 * Calls what it is given once the task stands in a wait begun at the point, if
 * ever, with what it waits for.
 */
type OnWait = (inWait: (what: string) => void) => void;

/**
 * Rehearses `scenario`, and calls `onPoint` at every cancellation point of its
 * own task, before the wait is begun.
 */
export function rehearseWithPoints(
  scenario: Coroutine<void>,
  onPoint: (main: Task<unknown>, onWait: OnWait) => void,
): Promise<Mishap[]> {
  let main: Task<unknown> | undefined;
  const noteMain = () => {
    main = currentTask();
    return scenario();
  };
  return rehearse(noteMain, {
    prepare: (loop) => {
      loop.onPoint = () => {
        if (main === undefined || currentScope().owner !== main) return;
        onPoint(main, onWaitOf(main));
      };
    },
  });
}

function onWaitOf(task: Task<unknown>): OnWait {
  return (inWait) => {
    const before = new Set(scopeOf(task).waits);
    // The wait is begun in the synchronous code that comes now, if it is.
    queueMicrotask(() => {
      const wait = scopeOf(task).waits.find((wait) => !before.has(wait));
      if (wait !== undefined) inWait(wait.what);
    });
  };
}
