/** @module */
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";

/**
 * The barrier was reset or aborted while this party waited, or had been aborted
 * before. Mirrors `asyncio.BrokenBarrierError`.
 */
export class BrokenBarrierError extends Error {
  /** `"BrokenBarrierError"` */
  override name = "BrokenBarrierError";
}

/**
 * A point where a number of parties wait for each other, again and again.
 * Mirrors `asyncio.Barrier`.
 *
 * - The last party to arrive releases all, and the next round begins.
 * - Each party of a round gets a number of its own at the release: 0, 1, 2, ...
 *   in order of arrival. A party that gave up leaves no gap.
 * - A party that gives up does not break the barrier: the others wait for one
 *   more.
 *
 * @example
 * ```ts
 * import { Barrier } from "@asyncio/asyncio/sync";
 * import { gather } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const barrier = new Barrier(3);
 * const parties = Array.from({ length: 3 }, () => () => barrier.wait());
 * assertEquals(await gather(parties), [0, 1, 2]);
 * ```
 */
export class Barrier {
  readonly #parties: number;
  readonly #waiters = new WaitQueue<number>("Barrier.wait");
  #broken = false;

  /**
   * Makes a barrier without waiters.
   *
   * @param parties How many wait for each other.
   * @throws {RangeError} `parties` is less than 1 or no integer.
   */
  constructor(parties: number) {
    if (!Number.isInteger(parties) || parties < 1) {
      throw new RangeError(
        `Cannot make a Barrier: parties is a whole number from 1, received ${
          describe(parties)
        }`,
      );
    }
    this.#parties = parties;
  }

  /** How many wait for each other. Mirrors `asyncio.Barrier.parties`. */
  get parties(): number {
    return this.#parties;
  }

  /** How many wait now. Mirrors `asyncio.Barrier.n_waiting`. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Whether it was aborted. Mirrors `asyncio.Barrier.broken`. */
  get broken(): boolean {
    return this.#broken;
  }

  /**
   * Waits until all parties wait, and resolves to the number of this party.
   * Mirrors `asyncio.Barrier.wait`.
   *
   * **Cancel safety:** a party that is cancelled or aborted does not count any
   * more. If it was released before, it gets its number, and the cancel is
   * delivered at the next wait.
   *
   * @throws {BrokenBarrierError} The barrier is aborted, or is reset or aborted
   * meanwhile.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  wait(options?: WaitOptions): Promise<number> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#broken) return readyError(broken("is aborted"));
    if (this.#waiters.size + 1 < this.#parties) {
      return this.#waiters.wait(options);
    }
    let number = 0;
    while (this.#waiters.wake(number)) number++;
    return ready(number);
  }

  /**
   * Ends the waits under way with {@linkcode BrokenBarrierError}, and begins a
   * new round; repairs an aborted barrier. Mirrors `asyncio.Barrier.reset`.
   *
   * **Cancel safety:** the barrier is reset when the call returns; awaiting it
   * is only a cancellation point.
   *
   * @throws {CancelledError} The task was cancelled.
   */
  reset(): Promise<void> {
    this.#broken = false;
    this.#waiters.failAll(broken("was reset"));
    return checkpointIfCancelled() ?? ready(undefined);
  }

  /**
   * Ends the waits under way, and all later ones until `reset`, with {@linkcode
   * BrokenBarrierError}. Mirrors `asyncio.Barrier.abort`.
   *
   * **Cancel safety:** the barrier is aborted when the call returns; awaiting
   * it is only a cancellation point.
   *
   * @throws {CancelledError} The task was cancelled.
   */
  abort(): Promise<void> {
    this.#broken = true;
    this.#waiters.failAll(broken("was aborted"));
    return checkpointIfCancelled() ?? ready(undefined);
  }

  static {
    printable(Barrier, (barrier) => ({
      parties: barrier.#parties,
      waiting: barrier.waiting,
      broken: barrier.#broken,
    }));
  }
}

function broken(how: string): BrokenBarrierError {
  return new BrokenBarrierError(`the barrier ${how}`);
}
