/**
 * Python's asyncio for Deno: plain `async` functions become tasks that can
 * really be cancelled, waited for, grouped and timed out; they talk through
 * queues, locks, TCP, TLS and Unix streams, and subprocesses.
 *
 * This module is all areas together; each is a module of its own as well:
 *
 * | module | what it is |
 * | --- | --- |
 * | `@asyncio/asyncio/tasks` | `run`, tasks, futures, `gather`, groups, timeouts, the event loop |
 * | `@asyncio/asyncio/sync` | locks, events, conditions, semaphores, barriers |
 * | `@asyncio/asyncio/queue` | FIFO, LIFO and priority queues |
 * | `@asyncio/asyncio/streams` | connections and servers, readers and writers |
 * | `@asyncio/asyncio/process` | subprocesses that end when they should |
 * | `@asyncio/asyncio/testing` | a virtual clock, exploring of schedules (on its own, not part of this module) |
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
