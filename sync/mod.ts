/**
 * Locks, events, conditions, semaphores, barriers, rate limits and pools: how
 * tasks exclude each other, and wait for each other. The sync primitives of
 * Python's `asyncio`, and what programs build on top of them.
 *
 * JavaScript runs one piece of code at a time, so code without an `await` needs
 * no lock. Code with an `await` needs one if no other task may run in between:
 * check and act, read and write back.
 *
 * | to | use |
 * |---|---|
 * | let one task run at a time | {@linkcode Lock} |
 * | let a number of tasks run at a time | {@linkcode Semaphore}, {@linkcode BoundedSemaphore} |
 * | let many readers run, or one writer | {@linkcode ReadWriteLock} |
 * | let a number of calls begin in a second | {@linkcode RateLimiter} |
 * | lend connections and the like to one task at a time | {@linkcode Pool} |
 * | do the same work once for all calls that want it | {@linkcode SingleFlight} |
 * | signal that something has happened | {@linkcode Event} |
 * | wait until something that a lock guards has changed | {@linkcode Condition} |
 * | go on when all tasks have come so far | {@linkcode Barrier} |
 * | hand values to another task | `Queue`, from `@asyncio/asyncio/queue` |
 * | send values to many tasks | `Broadcast` and `Watch`, from `@asyncio/asyncio/queue` |
 *
 * What holds for all of them:
 *
 * - **First come, first served**: `release` hands the lock to the first in the
 *   queue, so that no newcomer can be faster.
 * - **Nothing is lost.** A wait ends once. What it was handed is kept, and a
 *   later cancel is delivered at the next wait of the task. A wait that was
 *   cancelled or aborted leaves the queue at once, and is handed nothing.
 * - **Every wait can be given up**: by a cancel of its task, by a timeout
 *   around it, or by `{ signal }`.
 * - **`using` releases.** `acquire` resolves to a {@linkcode Guard}, which ends
 *   the hold at the end of its block, however that is left.
 * - `console.log` shows the state: `Lock { locked: true, waiting: 2 }`.
 * - They are for the tasks of one thread.
 *
 * @example A cache that loads every key once, however many ask for it
 * ```ts
 * import { Lock } from "@asyncio/asyncio/sync";
 * import { gather, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * const cache = new Map<string, string>();
 * let loads = 0;
 *
 * async function load(key: string): Promise<string> {
 *   using _ = await lock.acquire();
 *   const known = cache.get(key);
 *   if (known !== undefined) return known;
 *   await sleep(1);
 *   loads++;
 *   cache.set(key, key.toUpperCase());
 *   return cache.get(key)!;
 * }
 * assertEquals(await gather([load("a"), load("a")]), ["A", "A"]);
 * assertEquals(loads, 1);
 * ```
 *
 * @example Give up waiting
 * ```ts
 * import { Event } from "@asyncio/asyncio/sync";
 * import { timeout, TimeoutError } from "@asyncio/asyncio/tasks";
 * import { assertRejects } from "@std/assert";
 *
 * const never = new Event();
 * await assertRejects(() => timeout(5, () => never.wait()), TimeoutError);
 * await assertRejects(
 *   () => never.wait({ signal: AbortSignal.abort(new RangeError("enough")) }),
 *   RangeError,
 * );
 * ```
 *
 * @module
 */
export { Barrier, BrokenBarrierError } from "./barrier.ts";
export { Condition } from "./condition.ts";
export { Event } from "./event.ts";
export type { Guard } from "./guard.ts";
export type { Lease } from "./lease.ts";
export { Lock } from "./lock.ts";
export { Pool } from "./pool.ts";
export { PoolClosedError } from "./errors.ts";
export { RateLimiter } from "./rate_limiter.ts";
export { ReadWriteLock } from "./read_write_lock.ts";
export type { WaitOptions } from "../tasks/kernel/types.ts";
export { BoundedSemaphore, Semaphore } from "./semaphore.ts";
export { SingleFlight } from "./single_flight.ts";
