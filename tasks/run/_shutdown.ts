/** The end of a run. @module */
import { quoted } from "../kernel/watch/safe_text.ts";
import { completionOf } from "../future.ts";
import { inOnePass } from "../kernel/cancel/cancel_waits.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import { reportUnretrieved } from "../kernel/wait/unretrieved.ts";
import { WaitQueue } from "../kernel/wait/wait_queue.ts";
import { type Task, tasksOf } from "../task.ts";

/**
 * Ends what is left on `loop`: cancels its tasks and waits for them, and then
 * ends its servers, children and threads; again, until nothing is left. Then
 * reports the errors that were not retrieved.
 *
 * To be called in no task, so that no cancel reaches it.
 *
 * @param last Called when all that has ended; its promise is waited for.
 */
export async function shutDown(
  loop: Loop,
  last?: () => Promise<void>,
): Promise<void> {
  loop.ending = true;
  loop.observer?.ending();
  while (loop.tasks.size > 0 || loop.resources.size > 0) {
    await endTasks(tasksOf(loop));
    const resources = [...loop.resources];
    loop.resources.clear();
    await Promise.all(resources.map((resource) => endResource(loop, resource)));
  }
  reportUnretrieved(loop);
  if (last !== undefined) {
    loop.external++; // other runs may share a virtual clock: it stands still
    await last();
    loop.external--;
  }
  loop.close();
}

async function endTasks(tasks: Task<unknown>[]): Promise<void> {
  const allEnded = new WaitQueue<void>("end of the run");
  let left = tasks.length;
  if (left === 0) return;
  inOnePass(() => {
    for (const task of tasks) task.cancel("the run has ended");
  });
  for (const task of tasks) {
    completionOf(task).listen({
      settled({ state, loop }) {
        if (state === "failed") {
          loop.report({
            message: `Unhandled exception at the end of the run: task ${
              quoted(task.name)
            }`,
            error: completionOf(task).error,
            task,
          });
        }
        if (--left === 0) allEnded.wakeAllInOrder();
      },
    });
  }
  if (left > 0) await allEnded.wait();
}

async function endResource(
  loop: Loop,
  resource: AsyncDisposable,
): Promise<void> {
  try {
    await resource[Symbol.asyncDispose]();
  } catch (error) {
    loop.report({ message: "Exception at the end of the run", error });
  }
}
