/** @module */
import { noteHeld } from "../tasks/kernel/context/leak_checks.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { isObserving } from "../tasks/kernel/watch/observer.ts";
import type { Guard } from "./guard.ts";
import { Permit, Permits, PermitWaiter } from "./_permits.ts";

/** A reader takes one permit, a writer all of them. */
const ALL = Number.MAX_SAFE_INTEGER;

const NAME = "ReadWriteLock";

/** What {@linkcode ReadWriteLock.write} resolves to. */
class WriteGuard extends Permit {
  downgrade(): Guard {
    const permits = this.spend();
    if (permits === undefined) {
      throw new Error(
        "Cannot downgrade: the guard has been released or downgraded before",
      );
    }
    permits.giveBack(ALL - 1);
    const guard = new Permit(permits, 1);
    if (isObserving()) noteHeld(guard, NAME);
    return guard;
  }
}

class ReadWriteWaiter extends PermitWaiter {
  override get what(): string {
    return this.permit.count === 1 ? `${NAME}.read` : `${NAME}.write`;
  }

  override enter(): void {
    if (isObserving()) noteHeld(this.permit, NAME, this);
    super.enter();
  }
}

/**
 * Many readers at a time, or one writer. asyncio has no such lock; tokio calls
 * it `RwLock`, Go `sync.RWMutex`.
 *
 * - Strictly first come, first served: readers that come after a writer wait
 *   for the writer, and readers that follow each other in the queue get the
 *   lock together. So neither side starves the other.
 * - It is not re-entrant. A task that holds it for reading and then acquires it
 *   for writing waits for itself. So does a task that acquires it for reading
 *   twice, if a writer came in between.
 * - It does not check what readers do: nothing prevents a reader from changing
 *   what the lock guards.
 *
 * @example
 * ```ts
 * import { ReadWriteLock } from "@asyncio/asyncio/sync";
 * import { gather, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new ReadWriteLock();
 * const table = new Map([["a", 1], ["b", 1]]);
 *
 * async function sum(): Promise<number> {
 *   using _ = await lock.read(); // beside other readers
 *   const a = table.get("a")!;
 *   await sleep(1);
 *   return a + table.get("b")!;
 * }
 * async function increment(): Promise<void> {
 *   using _ = await lock.write(); // alone
 *   for (const [key, value] of table) {
 *     await sleep(1);
 *     table.set(key, value + 1);
 *   }
 * }
 * const [before, , after] = await gather([sum, increment, sum]);
 * assertEquals([before, after], [2, 4]);
 * ```
 */
export class ReadWriteLock {
  readonly #permits = new Permits(NAME, ALL, true);

  /**
   * Waits until no writer holds the lock or stands in line before this call,
   * and resolves to the guard that ends the reading.
   *
   * **Cancel safety:** a call that is cancelled or aborted leaves the queue.
   * Once the lock was handed over it is held, and a later cancel is delivered
   * at the next wait.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  read(options?: WaitOptions): Promise<Guard> {
    return this.#acquire(new Permit(this.#permits, 1), options);
  }

  /**
   * Waits until only the caller holds the lock, and resolves to the guard that
   * ends the writing.
   *
   * The guard's `downgrade()` turns the hold into one for reading, without
   * another writer in between. It returns the new guard, ends the old one, and
   * admits the readers at the head of the queue. If the guard has been released
   * or downgraded, it throws an `Error`.
   *
   * **Cancel safety:** a call that is cancelled or aborted leaves the queue,
   * and the readers behind it are admitted beside those that read already. Once
   * the lock was handed over it is held, and a later cancel is delivered at the
   * next wait.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   *
   * @example Write, then read what was written
   * ```ts
   * import { ReadWriteLock } from "@asyncio/asyncio/sync";
   * import { assertThrows } from "@std/assert";
   *
   * const lock = new ReadWriteLock();
   * using writing = await lock.write();
   * using _ = writing.downgrade();
   * using _beside = await lock.read();
   * assertThrows(() => writing.downgrade(), Error, "before");
   * ```
   */
  write(options?: WaitOptions): Promise<Guard & { downgrade(): Guard }> {
    return this.#acquire(new WriteGuard(this.#permits, ALL), options);
  }

  #acquire<P extends Permit>(
    permit: P,
    options: WaitOptions | undefined,
  ): Promise<P> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    const permits = this.#permits;
    if (!permits.tryTake(permit.count)) {
      const waiter = new ReadWriteWaiter(permit, options);
      return permits.add(waiter) as Promise<P>;
    }
    if (isObserving()) noteHeld(permit, NAME);
    return ready(permit);
  }

  static {
    printable(ReadWriteLock, (lock) => {
      const { taken, size } = lock.#permits;
      const writing = taken === ALL;
      return { readers: writing ? 0 : taken, writing, waiting: size };
    });
  }
}
