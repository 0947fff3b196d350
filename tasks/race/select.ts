/** @module */
import type { Rules } from "./_branch_contest.ts";
import { startRace } from "./_race.ts";
import {
  type Awaitable,
  checkOptions,
  describe,
  type WaitOptions,
} from "../kernel/types.ts";
import type { Result } from "./race.ts";

const RULES: Rules = { name: "select", failureDecides: true };

/** Which branch has ended first, and its value. */
export type Selected<B extends Record<string, Awaitable<unknown>>> = {
  [K in keyof B]: { name: K; value: Result<B[K]> };
}[keyof B];

/**
 * As {@linkcode race}, but tells which branch it was: for branches whose values
 * do not tell. As tokio's `select!` with its arms.
 *
 * Lossless as `race` is: of branches that are waits of this package exactly one
 * happens.
 *
 * **Cancel safety:** as `race`.
 *
 * @param branches By name; functions start in the order of the properties.
 * @throws {TypeError} There are no branches, or something is no function,
 * promise or future.
 * @throws What the first branch throws.
 *
 * @example
 * ```ts
 * import { Event } from "@asyncio/asyncio/sync";
 * import { Queue } from "@asyncio/asyncio/queue";
 * import { select } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const orders = new Queue<number>();
 * const closing = new Event();
 * const done: number[] = [];
 *
 * async function worker(): Promise<void> {
 *   while (true) {
 *     const next = await select({
 *       order: () => orders.get(),
 *       close: () => closing.wait(),
 *     });
 *     if (next.name === "close") return;
 *     done.push(next.value);
 *   }
 * }
 *
 * await orders.put(1);
 * await orders.put(2);
 * const working = worker();
 * await orders.join({ signal: AbortSignal.timeout(1) }).catch(() => {});
 * closing.set();
 * await working;
 * assertEquals(done, [1, 2]);
 * ```
 */
export function select<B extends Record<string, Awaitable<unknown>>>(
  branches: B,
  options?: WaitOptions,
): Promise<Selected<B>> {
  try {
    const names = namesOf(branches);
    checkOptions(options, "select");
    return startRace(names.map((name) => branches[name]!), RULES, {
      signal: options?.signal,
      names,
    }) as Promise<Selected<B>>;
  } catch (error) {
    return Promise.reject(error);
  }
}

function namesOf(branches: unknown): string[] {
  if (
    branches !== null && typeof branches === "object" &&
    !(Symbol.iterator in branches)
  ) {
    return Object.keys(branches);
  }
  throw new TypeError(
    `Cannot select: expected an object of branches, received ${
      describe(branches)
    }`,
  );
}
