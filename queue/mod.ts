/**
 * Queues, through which tasks pass items: Python's `asyncio` queues, which are
 * Web Streams too, and queues with many receivers of each item.
 *
 * | each item goes to | |
 * |---|---|
 * | one consumer, first in, first out | {@linkcode Queue} |
 * | one consumer, last in, first out | {@linkcode LifoQueue} |
 * | one consumer, smallest first | {@linkcode PriorityQueue} |
 * | every subscriber | {@linkcode Broadcast} |
 * | every watcher, only the latest | {@linkcode Watch} |
 *
 * Producers `put`, consumers `get`, each in a task of its own. If a queue is
 * bounded, producers wait for consumers. After `shutdown()` nothing more can be
 * put; consumers take the items that are left, and then their loops end.
 *
 * What holds for all of them:
 *
 * - **First come, first served.** An item goes directly to the call that has
 *   waited longest, so no later call can take it.
 * - **No item is lost or delivered twice**, whatever is cancelled, and when. If a
 *   call has got its item, a later cancel is delivered at the next wait of its
 *   task.
 * - **Every wait can be given up**: by a cancel of its task, by a timeout
 *   around it, or by `{ signal }`.
 * - **They are Web Streams**, without a second buffer: `queue.readable` and
 *   `queue.writable`.
 * - `console.log` shows the state: `Queue { size: 10, maxSize: 10, getters: 0,
 *   putters: 2 }`.
 * - They are for the tasks of one thread.
 *
 * @example Three workers, a bound, and an orderly end
 * ```ts
 * import { Queue } from "@asyncio/asyncio/queue";
 * import { sleep, taskGroup } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const jobs = new Queue<number>(5);
 * const squares: number[] = [];
 *
 * await taskGroup(async (group) => {
 *   for (let i = 0; i < 3; i++) {
 *     group.createTask(async () => {
 *       for await (const n of jobs) {
 *         await sleep(1); // the work
 *         squares.push(n * n);
 *       }
 *     });
 *   }
 *   for (let n = 1; n <= 9; n++) await jobs.put(n); // waits while 5 are there
 *   jobs.shutdown();
 * });
 * assertEquals(squares.reduce((a, b) => a + b), 285);
 * ```
 *
 * @example Between streams
 * ```ts
 * import { Queue } from "@asyncio/asyncio/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new Queue<string>(10);
 * const source = ReadableStream.from(["a", "b"]);
 * // The end of the source closes the writable, and that shuts the queue down.
 * const piped = source.pipeTo(queue.writable);
 * assertEquals(await Array.fromAsync(queue.readable), ["a", "b"]);
 * await piped;
 * ```
 *
 * @module
 */
export { Broadcast } from "./broadcast.ts";
export {
  LaggedError,
  QueueEmptyError,
  QueueFullError,
  QueueShutDownError,
} from "./errors.ts";
export { LifoQueue } from "./lifo_queue.ts";
export { PriorityQueue } from "./priority_queue.ts";
export type { PriorityQueueOptions } from "./priority_queue.ts";
export type { WaitOptions } from "../tasks/kernel/types.ts";
export { Queue } from "./queue.ts";
export type { Subscription } from "./subscription.ts";
export { Watch } from "./watch.ts";
