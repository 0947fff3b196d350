/** @module */
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import type { Guard } from "./guard.ts";
import { checkCount, Permit, Permits, PermitWaiter } from "./_permits.ts";

let bind: (semaphore: Semaphore, capacity: number) => void;

/**
 * A number of permits to take and give back: that many tasks run at a time.
 * Mirrors `asyncio.Semaphore`.
 *
 * - First come, first served. `release` hands the permit to the first in line,
 *   so a newcomer cannot take it before a waiter.
 * - A call can take several permits at once, for larger work. It gets all of
 *   them or none, and a call for few permits never overtakes one for many:
 *   otherwise that one might wait for ever.
 * - Give a permit back through its guard or through `release()`, not both:
 *   `release` only counts, and more releases than acquires make the semaphore
 *   larger. {@linkcode BoundedSemaphore} throws instead.
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
 *
 * @example Larger work takes more permits
 * ```ts
 * import { Semaphore } from "@asyncio/asyncio/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const megabytes = new Semaphore(512);
 * {
 *   using _ = await megabytes.acquire({ permits: 200 });
 *   assertEquals(megabytes.value, 312);
 * }
 * assertEquals(megabytes.value, 512);
 * ```
 */
export class Semaphore {
  #permits: Permits;

  /**
   * Makes a semaphore whose permits are all free.
   *
   * @param value How many permits there are.
   * @throws {RangeError} `value` is negative or no integer.
   */
  constructor(value?: number) {
    const capacity = value === undefined ? 1 : value;
    checkCapacity(capacity);
    this.#permits = new Permits("Semaphore.acquire", capacity, false);
  }

  /**
   * Whether `acquire` of one permit would wait. Mirrors
   * `asyncio.Semaphore.locked`.
   */
  get locked(): boolean {
    return this.#permits.free < 1 || this.#permits.first !== undefined;
  }

  /** How many permits are free. */
  get value(): number {
    return Math.max(this.#permits.free, 0);
  }

  /**
   * Waits for a permit, or for `options.permits` of them, and resolves to the
   * guard that gives them back. Mirrors `asyncio.Semaphore.acquire`.
   *
   * A call for more permits than exist waits until {@linkcode Semaphore.resize}
   * adds them, and later calls wait behind it.
   *
   * **Cancel safety:** a call that is cancelled or aborted leaves the queue and
   * takes no permit, and the calls behind it move up. Once the permits were
   * handed over they are held, and a later cancel is delivered at the next
   * wait.
   *
   * @param options How many permits to take at once (1 unless given), and a
   * signal that ends the wait.
   * @throws {RangeError} `permits` is not a whole number from 1.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  acquire(
    options?: WaitOptions & { permits?: number | undefined },
  ): Promise<Guard> {
    let count = 1;
    if (options?.permits !== undefined) {
      count = options.permits;
      try {
        checkCount(count);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    const permits = this.#permits;
    const permit = new Permit(permits, count);
    if (permits.tryTake(count)) return ready<Guard>(permit);
    const waiter = new PermitWaiter(permit, options);
    return permits.add(waiter) as Promise<Guard>;
  }

  /**
   * Takes `permits` permits if that many are free and no call waits, and returns
   * their guard; returns `undefined` otherwise. Never waits.
   *
   * @param permits How many; 1 unless given.
   * @throws {RangeError} `permits` is not a whole number from 1.
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
  tryAcquire(permits?: number): Guard | undefined {
    const count = permits === undefined ? 1 : permits;
    checkCount(count);
    if (!this.#permits.tryTake(count)) return undefined;
    return new Permit(this.#permits, count);
  }

  /**
   * Gives one permit back. The first in line gets it as soon as all the permits
   * that it needs are free. Mirrors `asyncio.Semaphore.release`.
   */
  release(): void {
    this.#permits.giveBack(1);
  }

  /**
   * Changes how many permits exist. New ones go to the calls that wait. If
   * there are to be fewer, permits that are held stay held, and the next
   * `acquire` waits until enough of them have been given back.
   *
   * @param value How many permits there are when all have been given back.
   * @throws {RangeError} `value` is negative or no integer.
   *
   * @example Slow down while the other side is busy
   * ```ts
   * import { Semaphore } from "@asyncio/asyncio/sync";
   * import { assertEquals } from "@std/assert";
   *
   * const requests = new Semaphore(8);
   * const guard = await requests.acquire();
   * requests.resize(1);
   * assertEquals(requests.value, 0); // the only one is held
   * guard.release();
   * assertEquals(requests.value, 1);
   * ```
   */
  resize(value: number): void {
    checkCapacity(value);
    this.#permits.resize(value);
  }

  static {
    bind = (semaphore, capacity) =>
      semaphore.#permits = new Permits("Semaphore.acquire", capacity, true);
    printable(Semaphore, (semaphore) => ({
      value: semaphore.value,
      waiting: semaphore.#permits.size,
    }));
  }
}

/**
 * A semaphore that never has more permits than at first: one release too many,
 * mostly a mistake in the program, throws. Mirrors `asyncio.BoundedSemaphore`.
 *
 * {@linkcode Semaphore.resize} moves the bound.
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
  /**
   * Makes a semaphore whose permits are all free.
   *
   * @param value How many permits there are, and how many there can be.
   * @throws {RangeError} `value` is negative or no integer.
   */
  constructor(value?: number) {
    super(value);
    bind(this, this.value);
  }

  /**
   * Gives one permit back. The first in line gets it as soon as all the permits
   * that it needs are free. Mirrors
   * `asyncio.BoundedSemaphore.release`.
   *
   * @throws {RangeError} All permits are free.
   */
  override release(): void {
    super.release();
  }
}

function checkCapacity(value: unknown): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  throw new RangeError(
    `Cannot set the permits: their number is a whole number from 0, received ${
      describe(value)
    }`,
  );
}
