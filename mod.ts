/**
 * Python's asyncio for Deno: plain `async` functions become tasks that can
 * really be cancelled, waited for, grouped and timed out; they talk through
 * queues, locks, TCP, TLS and Unix streams, and subprocesses.
 *
 * The names are those of Python's `asyncio`, in camelCase; times are
 * milliseconds. A coroutine is work that has not started: a function without
 * arguments.
 *
 * This module is all areas together; each is a module of its own as well:
 *
 * | module | what it is |
 * | --- | --- |
 * | `@asyncio/asyncio/tasks` | `run`, tasks, futures, `gather`, groups, timeouts, the event loop |
 * | `@asyncio/asyncio/sync` | locks, events, semaphores, barriers, rate limits, pools |
 * | `@asyncio/asyncio/queue` | FIFO, LIFO and priority queues, broadcasts, watched values |
 * | `@asyncio/asyncio/streams` | connections and servers, readers and writers, Web Streams both ways |
 * | `@asyncio/asyncio/process` | subprocesses that end when they should |
 *
 * And these, which are not part of it:
 *
 * | module | what it is |
 * | --- | --- |
 * | `@asyncio/asyncio/queue/jobs` | jobs that are tried again until they are done |
 * | `@asyncio/asyncio/queue/nats` | the same, over many machines |
 * | `@asyncio/asyncio/testing` | a virtual clock, exploring of schedules, cancelling everywhere |
 *
 * @example
 * ```ts
 * import { Queue, run, taskGroup } from "@asyncio/asyncio";
 * import { assertEquals } from "@std/assert";
 *
 * async function main(): Promise<number> {
 *   const queue = new Queue<number>(2); // put waits while it is full
 *   let sum = 0;
 *   await taskGroup((group) => {
 *     group.createTask(async () => {
 *       for (let i = 1; i <= 10; i++) await queue.put(i);
 *       queue.shutdown();
 *     });
 *     group.createTask(async () => {
 *       for await (const i of queue) sum += i;
 *     });
 *   });
 *   return sum;
 * }
 *
 * assertEquals(await run(main), 55);
 * ```
 *
 * @module
 */
export * from "./tasks/mod.ts";
export * from "./sync/mod.ts";
export * from "./queue/mod.ts";
export * from "./streams/mod.ts";
export * from "./process/mod.ts";
