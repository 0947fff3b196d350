/**
 * Control of time and order: tests that take no time, and find failures that
 * happen once in a thousand runs.
 *
 * **Time.** Code that sleeps, times out and retries is slow to test, and a test
 * that sleeps "long enough" fails on a slow machine. On a
 * {@linkcode VirtualClock} a day takes milliseconds, in exactly the order of
 * the real clock:
 *
 * ```ts
 * import { isCancelled, run, sleep } from "@asyncio/asyncio/tasks";
 * import { VirtualClock } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * async function retry<T>(operation: () => Promise<T>): Promise<T> {
 *   for (let delay = 1000;; delay *= 2) {
 *     try {
 *       return await operation();
 *     } catch (error) {
 *       if (isCancelled(error)) throw error;
 *     }
 *     await sleep(delay);
 *   }
 * }
 *
 * const clock = new VirtualClock();
 * let attempts = 0;
 * await run(() =>
 *   retry(() => {
 *     if (++attempts < 5) throw new Error("not yet");
 *     return Promise.resolve();
 *   }), { clock });
 * assertEquals(clock.now(), 1000 + 2000 + 4000 + 8000);
 * ```
 *
 * To wait until other tasks have done what they can, a test calls
 * {@linkcode waitAllTasksBlocked}.
 *
 * **Order.** Which of two woken tasks resumes first is mostly left open, though
 * it is mostly the same. {@linkcode explore} tries the possible orders, finds
 * one that fails (also by a deadlock), and names a seed that repeats it.
 *
 * **Cancels.** A task may be cancelled wherever it awaits.
 * {@linkcode cancelEverywhere} cancels it at each of these points, and checks
 * each time that nothing is left behind:
 *
 * ```ts
 * import { Semaphore } from "@asyncio/asyncio/sync";
 * import { sleep } from "@asyncio/asyncio/tasks";
 * import { cancelEverywhere } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const seats = new Semaphore(3);
 * await cancelEverywhere(async () => {
 *   using _ = await seats.acquire();
 *   await sleep(1000);
 * }, () => assertEquals(seats.value, 3));
 * ```
 *
 * @module
 */
export { VirtualClock, type VirtualClockOptions } from "./virtual_clock.ts";
export { waitAllTasksBlocked } from "./wait_all_tasks_blocked.ts";
export {
  type Exploration,
  explore,
  ExploreError,
  type ExploreOptions,
} from "./explore.ts";
export {
  cancelEverywhere,
  CancelEverywhereError,
} from "./cancel_everywhere.ts";
export { type BlockedTask, DeadlockError } from "./deadlock.ts";
