/** @module */
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";
import { QueuedWaiter } from "../tasks/kernel/wait/wait_queue.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { AdmissionQueue } from "./_admission_queue.ts";
import type { Guard } from "./guard.ts";

/** Permits that were taken. They can be given back once. */
export class Permit implements Guard {
  readonly count: number;
  #permits: Permits | undefined;

  constructor(permits: Permits, count: number) {
    this.#permits = permits;
    this.count = count;
  }

  /** Whether the permits have not been given back yet. */
  get held(): boolean {
    return this.#permits !== undefined;
  }

  release(): void {
    this.spend()?.giveBack(this.count);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /**
   * Ends the hold without giving the permits back. Returns, once, where they
   * go.
   */
  protected spend(): Permits | undefined {
    const permits = this.#permits;
    this.#permits = undefined;
    return permits;
  }

  static {
    printable(Permit, (permit) => ({ held: permit.held }));
  }
}

/** A wait for permits, with the guard that it resolves to. */
export class PermitWaiter extends QueuedWaiter<unknown> {
  readonly permit: Permit;

  constructor(permit: Permit, options?: WaitOptions) {
    super(options);
    this.permit = permit;
  }

  /** Called when the permits have been taken for it. */
  enter(): void {
    this.wake(this.permit);
  }
}

/**
 * A number of permits, and the queue of waiters that need some: the mechanism
 * of semaphores and read-write locks.
 */
export class Permits extends AdmissionQueue<unknown, PermitWaiter> {
  #capacity: number;
  #taken = 0;
  readonly #isBounded: boolean;

  /** @param isBounded Whether giving back more than was taken is an error. */
  constructor(what: string, capacity: number, isBounded: boolean) {
    super(what);
    this.#capacity = capacity;
    this.#isBounded = isBounded;
  }

  /** How many permits are taken. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * How many permits are free; negative if `resize` has set fewer than are
   * taken.
   */
  get free(): number {
    return this.#capacity - this.#taken;
  }

  /** Takes `count` permits and returns true, if that needs no wait. */
  tryTake(count: number): boolean {
    if (this.first !== undefined || count > this.#capacity - this.#taken) {
      return false;
    }
    this.#taken += count;
    return true;
  }

  /** Gives `count` permits back. More than were taken enlarge the capacity. */
  giveBack(count: number): void {
    const surplus = count - this.#taken;
    if (surplus <= 0) this.#taken -= count;
    else if (this.#isBounded) throw allFree(this.#capacity);
    else {
      this.#capacity += surplus;
      this.#taken = 0;
    }
    if (this.first !== undefined) this.admit();
  }

  /** Changes the capacity; permits that are taken stay taken. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.admit();
  }

  protected override admits(first: PermitWaiter): boolean {
    if (first.permit.count > this.free) return false;
    this.#taken += first.permit.count;
    first.enter();
    return true;
  }
}

/** Throws unless `count` is a number of permits to take. */
export function checkCount(count: unknown): asserts count is number {
  if (Number.isSafeInteger(count) && (count as number) > 0) return;
  throw new RangeError(
    `Cannot acquire: permits is a whole number from 1, received ${
      describe(count)
    }`,
  );
}

function allFree(capacity: number): RangeError {
  return new RangeError(
    `Cannot release: the ${capacity} permits of the semaphore are all free`,
  );
}
