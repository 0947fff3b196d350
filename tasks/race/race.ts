/** @module */
import type { Rules } from "./_branch_contest.ts";
import { startRace } from "./_race.ts";
import {
  type Awaitable,
  checkOptions,
  type WaitOptions,
} from "../kernel/types.ts";

const RULES: Rules = { name: "race", failureDecides: true };

/** What an awaitable gives. */
export type Result<A> = A extends Awaitable<infer T> ? T : never;

/**
 * Waits for the first of several branches to end, and ends as that does; the
 * others are cancelled and waited for. Stands for `Promise.race`, and for
 * `asyncio.wait(..., return_when=FIRST_COMPLETED)` with all that has to follow
 * it; as tokio's `select!`.
 *
 * **Lossless.** Where branches are waits of this package, exactly one of them
 * happens: the first that is woken takes the others out of their queues in the
 * same step, so no item, permit, lock or byte is lost.
 *
 * - A branch is such a wait if it is a function that begins one and does nothing
 *   more, also inside a timeout, a retry or another race (`() => queue.get()`,
 *   `() => timeout(100, () => lock.acquire())`), or the promise of one. Hand it
 *   functions: a promise may have taken something before the race has begun.
 * - This includes branches that would let each other happen: of a `put` and a
 *   `get` of one full queue, the `get` takes an item, and the `put` is given up.
 * - A function with more steps, and every `async` one, decides when it is over.
 * One that loses has the cancel delivered at its wait, and its clean-up is waited
 * for; what it throws then goes to the exception handler. What it returns is
 * dropped: if it has taken an item by then, it has to put that back itself.
 * - Functions start in the order of the list, and none after one that has ended
 *   at once.
 * - A task or future that loses is cancelled, any other promise is let go of.
 *
 * **Cancel safety:** a cancel, or a timeout around it, leaves all branches
 * undone, and is thrown when they have ended; where one of them has happened
 * before, its value is given, and the cancel is delivered at the next wait. When
 * `signal` aborts, all are cancelled; clean-up that takes longer than a turn of
 * the loop is left to the run.
 *
 * @throws {TypeError} There are no branches, or something is no function,
 * promise or future.
 * @throws What the first branch throws.
 *
 * @example
 * ```ts
 * import { race, sleep } from "@asyncio/asyncio/tasks";
 * import { Queue } from "@asyncio/asyncio/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const urgent = new Queue<string>();
 * const normal = new Queue<string>();
 * await normal.put("a letter");
 * assertEquals(
 *   await race([() => urgent.get(), () => normal.get()]),
 *   "a letter",
 * );
 *
 * const next = race([() => urgent.get(), () => sleep(1, { result: "nothing" })]);
 * assertEquals(await next, "nothing"); // no wait is left in `urgent`
 * await urgent.put("a telegram");
 * assertEquals(urgent.size, 1);
 * ```
 */
export function race<B extends readonly Awaitable<unknown>[]>(
  branches: readonly [...B],
  options?: WaitOptions,
): Promise<Result<B[number]>>;
/** The first of any number of branches of one kind. */
export function race<T>(
  branches: Iterable<Awaitable<T>>,
  options?: WaitOptions,
): Promise<T>;
export function race(
  branches: Iterable<Awaitable<unknown>>,
  options?: WaitOptions,
): Promise<unknown> {
  try {
    checkOptions(options, "race");
    return startRace(branches, RULES, options && { signal: options.signal });
  } catch (error) {
    return Promise.reject(error);
  }
}
