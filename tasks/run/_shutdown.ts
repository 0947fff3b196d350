/** The end of a run. @module */
import { quoted } from "../kernel/watch/safe_text.ts";
import { completionOf } from "../future.ts";
import type { Scheduler } from "../kernel/loop/scheduler.ts";
import { reportUnretrieved } from "../kernel/wait/unretrieved.ts";
import { WaitQueue } from "../kernel/wait/wait_queue.ts";
import { type Task, tasksOf } from "../task.ts";

/**
 * Ends what is left on `scheduler`: cancels its tasks and waits for them, ends
 * its servers, children and threads, and again, until nothing is left; then
 * reports the errors that were not retrieved.
 *
 * To be called in no task: nothing must get between.
 *
 * @param last Called when all that has ended, and waited for.
 */
export async function shutDown(
  scheduler: Scheduler,
  last?: () => Promise<void>,
): Promise<void> {
  scheduler.ending = true;
  scheduler.observer?.ending();
  while (scheduler.tasks.size > 0 || scheduler.resources.size > 0) {
    await endTasks(tasksOf(scheduler));
    const resources = [...scheduler.resources];
    scheduler.resources.clear();
    await Promise.all(resources.map((it) => endResource(scheduler, it)));
  }
  reportUnretrieved(scheduler);
  if (last !== undefined) {
    scheduler.external++; // a virtual clock that others share stands still
    await last();
    scheduler.external--;
  }
  scheduler.close();
}

async function endTasks(tasks: Task<unknown>[]): Promise<void> {
  const allEnded = new WaitQueue<void>("end of the run");
  let left = tasks.length;
  if (left === 0) return;
  for (const task of tasks) {
    task.cancel("the run has ended");
    completionOf(task).listen({
      settled({ state, scheduler }) {
        if (state === "failed") {
          scheduler.report({
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
  scheduler: Scheduler,
  resource: AsyncDisposable,
): Promise<void> {
  try {
    await resource[Symbol.asyncDispose]();
  } catch (error) {
    scheduler.report({ message: "Exception at the end of the run", error });
  }
}
