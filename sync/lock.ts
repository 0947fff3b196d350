/** @module */
import { printable } from "../tasks/inspect.ts";
import { Line } from "../tasks/line.ts";
import { isObserving } from "../tasks/observer.ts";
import { noteHeld } from "../tasks/oversights.ts";
import type { WaitOptions } from "../tasks/types.ts";
import { passed, type Place, refused, Waiter } from "../tasks/waiter.ts";
import type { Guard } from "./guard.ts";

let releaseHold: (lock: Lock, hold: Hold) => void;
let isHeld: (lock: Lock, hold: Hold) => boolean;

/**
 * Takes the hold out of a lock that is held, for a while: for `Condition.wait`.
 */
export let yieldHold: (lock: Lock) => Hold;

/**
 * Lets `waiter` wait for the lock, where it is not free; gives the line it
 * stands in.
 */
export let queueUp: (
  lock: Lock,
  waiter: LockWaiter,
) => Line<unknown, LockWaiter> | undefined;

/** The guard of a lock, known to the lock by its identity. */
export class Hold implements Guard {
  readonly #lock: Lock;

  constructor(lock: Lock) {
    this.#lock = lock;
  }

  /** Whether it is this one that the lock is held by. */
  get held(): boolean {
    return isHeld(this.#lock, this);
  }

  [Symbol.dispose](): void {
    releaseHold(this.#lock, this);
  }

  static {
    printable(Hold, (hold) => ({ held: hold.held }));
  }
}

/** Who stands in the line of a lock, with the hold that is meant for it. */
export class LockWaiter extends Waiter<unknown> {
  readonly hold: Hold;

  constructor(place: Place, hold: Hold, options?: WaitOptions) {
    super(place, options);
    this.hold = hold;
  }

  /** Called when the lock is held by {@linkcode hold}. */
  enter(): void {
    if (isObserving()) noteHeld(this.hold, "Lock", this);
    this.wake(this.hold);
  }
}

/**
 * Mutual exclusion: one holder at a time. Mirrors `asyncio.Lock`.
 *
 * - First come, first served. `release` hands the lock to the first in line,
 *   without its being free in between, so a newcomer cannot take it from those
 *   who wait.
 * - It belongs to nobody: any code may release it. It is not re-entrant: who
 *   holds it and acquires it again waits for itself.
 * - The guard that `acquire` gives ends that hold only.
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
  #hold: Hold | undefined = undefined;
  readonly #line = new Line<unknown, LockWaiter>("Lock.acquire");

  /** Whether somebody holds it. Mirrors `asyncio.Lock.locked`. */
  get locked(): boolean {
    return this.#hold !== undefined;
  }

  /**
   * Waits until the lock is this caller's, and gives the guard that releases
   * it. Mirrors `asyncio.Lock.acquire`.
   *
   * **Cancel safety:** given up, it leaves the line, and the lock goes to the
   * next one. Once the lock was handed over it is held, and a cancel that comes
   * after that strikes at the next wait: a `using` right here, or a `try` right
   * after, releases it in any case.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    const refusal = refused(options);
    if (refusal !== undefined) return refusal;
    const hold = new Hold(this);
    if (this.#hold === undefined) {
      if (isObserving()) noteHeld(hold, "Lock");
      return passed<Guard>(this.#hold = hold);
    }
    const waiter = new LockWaiter(this.#line, hold, options);
    return this.#line.join(waiter) as Promise<Guard>;
  }

  /**
   * Hands the lock to the first in line, or frees it. Mirrors
   * `asyncio.Lock.release`.
   *
   * @throws {Error} It is not held.
   */
  release(): void {
    if (this.#hold === undefined) {
      throw new Error("release() of a lock that is not held");
    }
    this.#passOn();
  }

  #passOn(): void {
    const next = this.#line.first;
    this.#hold = next?.hold;
    next?.enter();
  }

  static {
    isHeld = (lock, hold) => lock.#hold === hold;
    releaseHold = (lock, hold) => {
      if (lock.#hold === hold) lock.#passOn();
    };
    yieldHold = (lock) => {
      const hold = lock.#hold!;
      lock.#passOn();
      return hold;
    };
    queueUp = (lock, waiter) => {
      if (lock.#hold === undefined) {
        lock.#hold = waiter.hold;
        waiter.enter();
        return undefined;
      }
      lock.#line.join(waiter);
      return lock.#line;
    };
    printable(Lock, (lock) => ({
      locked: lock.locked,
      waiting: lock.#line.size,
    }));
  }
}
