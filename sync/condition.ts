/** @module */
import type { CancelledError } from "../tasks/kernel/errors.ts";
import {
  checkFunction,
  describe,
  isThenable,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../tasks/kernel/wait/handed_wait.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import type { Guard } from "./guard.ts";
import {
  Lock,
  type LockGuard,
  LockWaiter,
  relock,
  unlockForWait,
} from "./lock.ts";

/**
 * One wait in two queues: first for the notification, then, whether that came
 * or the wait was given up, for the lock. Nothing ends it in the second, and it
 * goes straight from the one to the other, so there is no moment when a
 * notification could be lost or the lock be missing.
 */
class ConditionWaiter extends LockWaiter {
  readonly #lock: Lock;
  /** Once it is known how the wait ends; to be called with the lock. */
  #settle: (() => void) | undefined = undefined;

  constructor(
    lock: Lock,
    guard: LockGuard,
    options: WaitOptions | undefined,
  ) {
    super(guard, options);
    this.#lock = lock;
  }

  /** False if it may not happen, and has left. */
  notified(): boolean {
    if (!this.claim()) return false;
    this.#relock(() => this.wake(true));
    this.decided();
    return true;
  }

  override cancel(error: CancelledError): boolean {
    if (this.#settle !== undefined) return false;
    this.#relock(() => super.cancel(error));
    return true;
  }

  override abort(reason: unknown): void {
    if (this.#settle !== undefined) return;
    this.#relock(() => super.abort(reason));
  }

  override enter(): void {
    this.#settle!();
  }

  #relock(settle: () => void): void {
    this.#settle = settle;
    this.leave();
    this.queue = undefined;
    relock(this.#lock, this);
  }
}

/**
 * Waits for others to change something that a lock guards. Mirrors
 * `asyncio.Condition`.
 *
 * - `wait` lets go of the lock and stands in line in one step, and holds the
 *   lock again when it settles, whatever it settles with. Wait in a loop, or
 *   with `waitFor`, which is that loop: between the notification and having the
 *   lock, others may have had it.
 * - First come, first notified; those notified get the lock in that order,
 *   before newcomers.
 * - A notification is never lost: it goes to one that waits, or to none if none
 *   does.
 * - A guard from `acquire` is good for the whole time, with waits in between.
 *
 * @example
 * ```ts
 * import { Condition } from "@asyncio/asyncio/sync";
 * import { createTask } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const changed = new Condition();
 * let stock = 0;
 *
 * const buyer = createTask(async () => {
 *   using _ = await changed.acquire();
 *   await changed.waitFor(() => stock >= 2);
 *   stock -= 2;
 * });
 * for (let i = 0; i < 2; i++) {
 *   using _ = await changed.acquire();
 *   stock++;
 *   changed.notifyAll();
 * }
 * await buyer;
 * assertEquals(stock, 0);
 * ```
 */
export class Condition {
  readonly #lock: Lock;
  readonly #waiters = new WaitQueue<unknown, ConditionWaiter>("Condition.wait");

  /**
   * Makes a condition without waiters.
   *
   * @param lock The lock to use, which other conditions may share; one of its
   * own unless given.
   * @throws {TypeError} `lock` is no {@linkcode Lock}.
   */
  constructor(lock?: Lock) {
    if (lock !== undefined && !(lock instanceof Lock)) {
      throw new TypeError(
        `Cannot make a Condition: expected a Lock, received ${describe(lock)}`,
      );
    }
    this.#lock = lock ?? new Lock();
  }

  /** Whether the lock is held. Mirrors `asyncio.Condition.locked`. */
  get locked(): boolean {
    return this.#lock.locked;
  }

  /**
   * Waits until the lock is this caller's. Mirrors `asyncio.Condition.acquire`.
   *
   * **Cancel safety:** as of {@linkcode Lock.acquire}.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    return this.#lock.acquire(options);
  }

  /**
   * Hands the lock to the first in line, or frees it. Mirrors
   * `asyncio.Condition.release`.
   *
   * @throws {Error} It is not held.
   */
  release(): void {
    this.#lock.release();
  }

  /**
   * Lets go of the lock, waits to be notified, and takes the lock again; always
   * gives `true`. Mirrors `asyncio.Condition.wait`.
   *
   * **Cancel safety:** given up, it takes the lock again before it throws,
   * which no further cancel can prevent, and has used no notification. Notified
   * before that, it gives `true`, and the cancel is delivered at the next wait.
   *
   * @throws {Error} The lock is not held.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  wait(options?: WaitOptions): Promise<true> {
    if (!this.locked) return Promise.reject(notHeld("wait"));
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    const guard = unlockForWait(this.#lock);
    const waiter = new ConditionWaiter(this.#lock, guard, options);
    return this.#waiters.add(waiter) as Promise<true>;
  }

  /**
   * Waits until `predicate` gives something truthy, and gives that. Mirrors
   * `asyncio.Condition.wait_for`.
   *
   * The predicate is called at once, and after every notification, with the
   * lock.
   *
   * **Cancel safety:** as of {@linkcode Condition.wait}.
   *
   * @throws {Error} The lock is not held, and there is something to wait for.
   * @throws {TypeError} `predicate` gives a promise.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   *
   * @example
   * ```ts
   * import { Condition } from "@asyncio/asyncio/sync";
   * import { assertEquals } from "@std/assert";
   *
   * const condition = new Condition();
   * using _ = await condition.acquire();
   * assertEquals(await condition.waitFor(() => "true already"), "true already");
   * ```
   */
  waitFor<T>(predicate: () => T, options?: WaitOptions): Promise<T> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    try {
      checkFunction(predicate, "Cannot wait: the predicate");
      const value = test(predicate);
      if (value) return ready(value);
    } catch (error) {
      return Promise.reject(error);
    }
    return composite(() => this.#waitUntil(predicate, options));
  }

  async #waitUntil<T>(
    predicate: () => T,
    options: WaitOptions | undefined,
  ): Promise<T> {
    while (true) {
      await this.wait(options);
      const value = test(predicate);
      if (value) return value;
    }
  }

  /**
   * Notifies the first `n` that wait, or all if there are fewer. They go on
   * when they have the lock, which the caller keeps until it releases it.
   * Mirrors `asyncio.Condition.notify`.
   *
   * @throws {Error} The lock is not held.
   */
  notify(n?: number): void {
    if (!this.locked) throw notHeld("notify");
    for (let left = n === undefined ? 1 : n; left > 0; left--) {
      const first = this.#waiters.first;
      if (first === undefined) return;
      if (!first.notified()) left++;
    }
  }

  /**
   * Notifies all that wait. Mirrors `asyncio.Condition.notify_all`.
   *
   * @throws {Error} The lock is not held.
   */
  notifyAll(): void {
    this.notify(Infinity);
  }

  static {
    printable(Condition, (condition) => ({
      locked: condition.locked,
      waiting: condition.#waiters.size,
    }));
  }
}

function test<T>(predicate: () => T): T {
  const value = predicate();
  if (isThenable(value)) {
    throw new TypeError(
      "Cannot wait: the predicate of waitFor returns its answer at once, received a promise, which is always true",
    );
  }
  return value;
}

function notHeld(method: string): Error {
  return new Error(
    `Cannot ${method}: the lock of the condition is not held, acquire() it first`,
  );
}
