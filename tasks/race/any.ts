/** @module */
import type { Rules } from "./_branch_contest.ts";
import { startRace } from "./_race.ts";
import {
  type Awaitable,
  checkMilliseconds,
  checkOptions,
  type WaitOptions,
} from "../kernel/types.ts";
import type { Result } from "./race.ts";

const RULES: Rules = { name: "any", failureDecides: false };

/**
 * Waits for the first of several branches to succeed; the others are cancelled
 * and waited for. Stands for `Promise.any`; with `stagger`, mirrors
 * `asyncio.staggered.staggered_race`.
 *
 * - Lossless as {@linkcode race} is: of branches that are waits of this package
 *   exactly one happens.
 * - `stagger`: functions start this many milliseconds after each other, or as soon
 *   as the one before has failed: so the first has an advantage, and the second
 *   is not waited for long. `Infinity`: one after the other.
 *
 * **Cancel safety:** as `race`.
 *
 * @throws {AggregateError} All have failed; their errors, in the order of the
 * list.
 * @throws {TypeError} There are no branches, or something is no function,
 * promise or future.
 * @throws {RangeError} `stagger` is `NaN`.
 *
 * @example Happy eyeballs: one address after the other, until one answers
 * ```ts
 * import { any, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const tried: string[] = [];
 * async function connect(address: string): Promise<string> {
 *   tried.push(address);
 *   if (address === "::1") throw new Error("unreachable");
 *   await sleep(address === "192.0.2.1" ? 60_000 : 1); // the first is silent
 *   return address;
 * }
 *
 * const addresses = ["::1", "192.0.2.1", "127.0.0.1"];
 * const connected = await any(
 *   addresses.map((address) => () => connect(address)),
 *   { stagger: 5 }, // RFC 8305 recommends 250
 * );
 * assertEquals(connected, "127.0.0.1");
 * assertEquals(tried, addresses);
 * ```
 */
export function any<B extends readonly Awaitable<unknown>[]>(
  branches: readonly [...B],
  options?: WaitOptions & { stagger?: number | undefined },
): Promise<Result<B[number]>>;
/** The first success of any number of branches of one kind. */
export function any<T>(
  branches: Iterable<Awaitable<T>>,
  options?: WaitOptions & { stagger?: number | undefined },
): Promise<T>;
export function any(
  branches: Iterable<Awaitable<unknown>>,
  options?: WaitOptions & { stagger?: number | undefined },
): Promise<unknown> {
  try {
    checkOptions(options, "wait for any");
    const stagger = options?.stagger;
    if (stagger !== undefined) {
      checkMilliseconds(stagger, "Cannot start the branches: stagger");
    }
    return startRace(branches, RULES, options);
  } catch (error) {
    return Promise.reject(error);
  }
}
