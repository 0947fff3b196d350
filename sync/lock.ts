/** @module */
import { noteHeld } from "../tasks/kernel/context/leak_checks.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { QueuedWaiter, WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { isObserving } from "../tasks/kernel/watch/observer.ts";
import type { Guard } from "./guard.ts";

let releaseGuard: (lock: Lock, guard: LockGuard) => void;
let isHeld: (lock: Lock, guard: LockGuard) => boolean;

/**
 * Releases a lock for a `Condition.wait`, and returns the guard that held it.
 */
export let unlockForWait: (lock: Lock) => LockGuard;

/**
 * Gives the lock to `waiter` if it is free, or else adds `waiter` to the queue.
 */
export let relock: (lock: Lock, waiter: LockWaiter) => void;

/** The guard of a lock. The lock compares it by identity. */
export class LockGuard implements Guard {
  readonly #lock: Lock;

  constructor(lock: Lock) {
    this.#lock = lock;
  }

  /** Whether the lock is held by this guard. */
  get held(): boolean {
    return isHeld(this.#lock, this);
  }

  release(): void {
    releaseGuard(this.#lock, this);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  static {
    printable(LockGuard, (guard) => ({ held: guard.held }));
  }
}

/** A wait for a lock, with the guard that it resolves to. */
export class LockWaiter extends QueuedWaiter<unknown> {
  readonly guard: LockGuard;

  constructor(guard: LockGuard, options?: WaitOptions) {
    super(options);
    this.guard = guard;
  }

  /** Called when {@linkcode guard} holds the lock. */
  enter(): void {
    if (isObserving()) noteHeld(this.guard, "Lock", this);
    this.wake(this.guard);
  }
}

/**
 * Mutual exclusion: one holder at a time. Mirrors `asyncio.Lock`.
 *
 * - First come, first served. `release` hands the lock to the first in line. It
 *   is not free in between, so a newcomer cannot take it before a waiter.
 * - Any code may release it, not only the task that acquired it. It is not
 *   re-entrant: a task that holds it and acquires it again waits for itself.
 * - The guard that `acquire` resolves to ends that one hold only.
 *
 * @example
 * ```ts
 * import { Lock } from "@asyncio/asyncio/sync";
 * import { gather, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * let balance = 100;
 *
 * async function withdraw(amount: number) {
 *   using _ = await lock.acquire();
 *   const before = balance;
 *   await sleep(1); // others run here, but not this function
 *   balance = before - amount;
 * }
 * await gather([() => withdraw(30), () => withdraw(50)]);
 * assertEquals(balance, 20);
 * ```
 */
export class Lock {
  #guard: LockGuard | undefined = undefined;
  readonly #waiters = new WaitQueue<unknown, LockWaiter>("Lock.acquire");

  /** Whether it is held. Mirrors `asyncio.Lock.locked`. */
  get locked(): boolean {
    return this.#guard !== undefined;
  }

  /**
   * Waits until the caller holds the lock, and resolves to the guard that
   * releases it. Mirrors `asyncio.Lock.acquire`.
   *
   * **Cancel safety:** a call that is cancelled or aborted leaves the queue,
   * and the lock goes to the next one. Once the lock was handed over it is
   * held, and a later cancel is delivered at the next wait: a `using` right
   * here, or a `try` right after, releases it in any case.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    const guard = new LockGuard(this);
    if (this.#guard === undefined) {
      if (isObserving()) noteHeld(guard, "Lock");
      return ready<Guard>(this.#guard = guard);
    }
    const waiter = new LockWaiter(guard, options);
    return this.#waiters.add(waiter) as Promise<Guard>;
  }

  /**
   * Takes the lock if it is free and returns its guard; returns `undefined` if
   * the lock is held. Never waits.
   *
   * @example
   * ```ts
   * import { Lock } from "@asyncio/asyncio/sync";
   * import { assert, assertEquals } from "@std/assert";
   *
   * const lock = new Lock();
   * using guard = lock.tryAcquire();
   * assert(guard !== undefined);
   * assertEquals(lock.tryAcquire(), undefined);
   * ```
   */
  tryAcquire(): Guard | undefined {
    if (this.#guard !== undefined) return undefined;
    const guard = this.#guard = new LockGuard(this);
    if (isObserving()) noteHeld(guard, "Lock");
    return guard;
  }

  /**
   * Hands the lock to the first in line, or frees it. Mirrors
   * `asyncio.Lock.release`.
   *
   * @throws {Error} It is not held.
   */
  release(): void {
    if (this.#guard === undefined) {
      throw new Error("Cannot release: the lock is not held");
    }
    this.#handOver();
  }

  #handOver(): void {
    const next = this.#waiters.first;
    this.#guard = next?.guard;
    next?.enter();
  }

  static {
    isHeld = (lock, guard) => lock.#guard === guard;
    releaseGuard = (lock, guard) => {
      if (lock.#guard === guard) lock.#handOver();
    };
    unlockForWait = (lock) => {
      const guard = lock.#guard!;
      lock.#handOver();
      return guard;
    };
    relock = (lock, waiter) => {
      if (lock.#guard === undefined) {
        lock.#guard = waiter.guard;
        waiter.enter();
      } else {
        lock.#waiters.add(waiter);
      }
    };
    printable(Lock, (lock) => ({
      locked: lock.locked,
      waiting: lock.#waiters.size,
    }));
  }
}
