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
 * One wait in two queues: first for the notification and then, after it or
 * after a cancel, for the lock. Nothing ends it in the second queue. It moves
 * from one queue to the other in one step, so that no notification is lost, and
 * it never settles without the lock.
 */
class ConditionWaiter extends LockWaiter {
  readonly #lock: Lock;
  /** Settles the wait, once it has the lock; set when it waits for the lock. */
  #settle: (() => void) | undefined = undefined;

  constructor(
    lock: Lock,
    guard: LockGuard,
    options: WaitOptions | undefined,
  ) {
    super(guard, options);
    this.#lock = lock;
  }

  /** Notifies it. Returns false if it has been given up. */
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
 * A lock, and a queue of tasks that wait until another one has changed what the
 * lock guards. Mirrors `asyncio.Condition`.
 *
 * - `wait` releases the lock and joins the queue in one step. When it settles,
 *   it holds the lock again, even if it rejects. Other tasks may have held the
 *   lock between the notification and that: so wait in a loop, or with
 *   `waitFor`, which is that loop.
 * - First come, first notified. Notified calls get the lock in that order,
 *   before newcomers.
 * - A notification is never lost: it goes to a call that waits, if there is
 *   one.
 * - The guard from `acquire` stays valid over the waits in between.
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
   * Waits until the caller holds the lock, and resolves to its guard. Mirrors
   * `asyncio.Condition.acquire`.
   *
   * **Cancel safety:** as {@linkcode Lock.acquire}.
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
   * Releases the lock, waits for a notification, and takes the lock again;
   * always resolves to `true`. Mirrors `asyncio.Condition.wait`.
   *
   * **Cancel safety:** a call that is cancelled or aborted uses no
   * notification. It takes the lock again before it rejects; no further cancel
   * prevents that. If it was notified before, it resolves, and the cancel is
   * delivered at the next wait.
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
   * Waits until `predicate` returns something truthy, and resolves to that.
   * Mirrors `asyncio.Condition.wait_for`.
   *
   * The predicate is called at once, and after every notification, while the
   * lock is held.
   *
   * **Cancel safety:** as {@linkcode Condition.wait}.
   *
   * @throws {Error} The lock is not held, and it has to wait.
   * @throws {TypeError} `predicate` returns a promise.
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
   * Notifies the first `n` calls that wait (1 unless given), or all if there
   * are fewer. They resolve when they have the lock, after the caller has
   * released it. Mirrors `asyncio.Condition.notify`.
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
   * Notifies all calls that wait. Mirrors `asyncio.Condition.notify_all`.
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
