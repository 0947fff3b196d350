/** @module */
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import type { Guard } from "./guard.ts";

/** One permit, to be given back once. */
class Permit implements Guard {
  #semaphore: Semaphore | undefined;

  constructor(semaphore: Semaphore) {
    this.#semaphore = semaphore;
  }

  [Symbol.dispose](): void {
    const semaphore = this.#semaphore;
    this.#semaphore = undefined;
    semaphore?.release();
  }

  static {
    printable(Permit, (permit) => ({ held: permit.#semaphore !== undefined }));
  }
}

/**
 * So many at a time: a number of permits to take and give back. Mirrors
 * `asyncio.Semaphore`.
 *
 * - First come, first served. `release` hands the permit to the first in line,
 *   so a newcomer cannot take it from those who wait.
 * - A permit is given back through its guard or through `release()`, not both:
 *   `release` counts, it does not know whose permit it was, and more releases
 *   than acquires make the semaphore larger. {@linkcode BoundedSemaphore}
 *   throws there.
 *
 * @example At most three requests at a time
 * ```ts
 * import { Semaphore } from "@asyncio/asyncio/sync";
 * import { gather, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const semaphore = new Semaphore(3);
 * let running = 0;
 * let most = 0;
 *
 * async function request() {
 *   using _ = await semaphore.acquire();
 *   most = Math.max(most, ++running);
 *   await sleep(1);
 *   running--;
 * }
 * await gather(Array.from({ length: 10 }, () => request));
 * assertEquals(most, 3);
 * ```
 */
export class Semaphore {
  #value: number;
  readonly #waiters = new WaitQueue<Guard>("Semaphore.acquire");

  /**
   * Makes a semaphore whose permits are all free.
   *
   * @param value How many permits there are.
   * @throws {RangeError} `value` is negative or no integer.
   */
  constructor(value = 1) {
    if (!Number.isInteger(value) || value < 0) {
      throw new RangeError(
        `a semaphore has 0, 1, 2, ... permits, found ${describe(value)}`,
      );
    }
    this.#value = value;
  }

  /** Whether `acquire` would wait. Mirrors `asyncio.Semaphore.locked`. */
  get locked(): boolean {
    return this.#value === 0;
  }

  /** How many permits are free. */
  get value(): number {
    return this.#value;
  }

  /**
   * Waits for a permit, and gives the guard that gives it back. Mirrors
   * `asyncio.Semaphore.acquire`.
   *
   * **Cancel safety:** given up, it leaves the line and takes no permit. Once
   * the permit was handed over it is held, and a cancel that comes after that
   * is delivered at the next wait.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    const guard = this.tryAcquire();
    return guard === undefined ? this.#waiters.wait(options) : ready(guard);
  }

  /**
   * Takes a permit if one is free, and `undefined` otherwise; never waits.
   *
   * @example
   * ```ts
   * import { Semaphore } from "@asyncio/asyncio/sync";
   * import { assert, assertEquals } from "@std/assert";
   *
   * const semaphore = new Semaphore(1);
   * using guard = semaphore.tryAcquire();
   * assert(guard !== undefined);
   * assertEquals(semaphore.tryAcquire(), undefined);
   * ```
   */
  tryAcquire(): Guard | undefined {
    if (this.#value === 0) return undefined;
    this.#value--;
    return new Permit(this);
  }

  /**
   * Hands a permit to the first in line, or else adds it to the free ones.
   * Mirrors `asyncio.Semaphore.release`.
   */
  release(): void {
    if (this.#waiters.size === 0) this.#value++;
    else this.#waiters.wake(new Permit(this));
  }

  static {
    printable(Semaphore, (semaphore) => ({
      value: semaphore.#value,
      waiting: semaphore.#waiters.size,
    }));
  }
}

/**
 * A semaphore that never has more permits than at first: one release too many,
 * mostly a mistake in the program, throws. Mirrors `asyncio.BoundedSemaphore`.
 *
 * @example
 * ```ts
 * import { BoundedSemaphore } from "@asyncio/asyncio/sync";
 * import { assertThrows } from "@std/assert";
 *
 * const semaphore = new BoundedSemaphore(2);
 * assertThrows(() => semaphore.release(), RangeError);
 * ```
 */
export class BoundedSemaphore extends Semaphore {
  readonly #bound: number;

  /**
   * Makes a semaphore whose permits are all free.
   *
   * @param value How many permits there are, and how many there can be.
   * @throws {RangeError} `value` is negative or no integer.
   */
  constructor(value = 1) {
    super(value);
    this.#bound = value;
  }

  /**
   * Hands a permit to the first in line, or else adds it to the free ones.
   * Mirrors `asyncio.BoundedSemaphore.release`.
   *
   * @throws {RangeError} All permits are free.
   */
  override release(): void {
    if (this.value >= this.#bound) {
      throw new RangeError(
        `release() of a semaphore whose ${this.#bound} permits are all free`,
      );
    }
    super.release();
  }
}
