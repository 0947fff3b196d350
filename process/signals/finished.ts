/** @module */
import { detached } from "../../tasks/kernel/context/detached.ts";
import {
  ShieldedWaiter,
  WaitQueue,
} from "../../tasks/kernel/wait/wait_queue.ts";

/**
 * Runs `work` in no task, and waits for it: for the part of a clean-up that has a
 * limit of its own. No cancel ends the wait.
 *
 * @param what What is waited for, in reports.
 */
export function finished(
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  const end = new WaitQueue<void>(what);
  detached(work).then(() => end.wakeAll(), (error) => end.failAll(error));
  return end.add(new ShieldedWaiter<void>());
}
