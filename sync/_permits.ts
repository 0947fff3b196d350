/** @module */
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";
import { type Place, Waiter } from "../tasks/kernel/wait/waiter.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { AdmissionQueue } from "./_admission_queue.ts";
import type { Guard } from "./guard.ts";

/** Some permits, to be given back once. */
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

  /** Where the permits are from, the first time; they are not given back. */
  protected spend(): Permits | undefined {
    const permits = this.#permits;
    this.#permits = undefined;
    return permits;
  }

  static {
    printable(Permit, (permit) => ({ held: permit.held }));
  }
}

/** A wait for permits, with the guard that is meant for it. */
export class PermitWaiter extends Waiter<unknown> {
  readonly permit: Permit;

  constructor(place: Place, permit: Permit, options?: WaitOptions) {
    super(place, options);
    this.permit = permit;
  }

  /** Called when its permits have been taken for it. */
  enter(): void {
    this.wake(this.permit);
  }
}

/**
 * Permits to take and give back, and the line of those who wait for some: the
 * inside of semaphores and read-write locks.
 */
export class Permits extends AdmissionQueue<unknown, PermitWaiter> {
  #capacity: number;
  #taken = 0;
  readonly #isBounded: boolean;

  /** @param isBounded Whether it is an error to give back more than was taken. */
  constructor(what: string, capacity: number, isBounded: boolean) {
    super(what);
    this.#capacity = capacity;
    this.#isBounded = isBounded;
  }

  /** How many are taken. */
  get taken(): number {
    return this.#taken;
  }

  /** How many are free; below 0 while more are taken than there are to be. */
  get free(): number {
    return this.#capacity - this.#taken;
  }

  /** Takes `count`, unless some have to be waited for. */
  tryTake(count: number): boolean {
    if (this.first !== undefined || count > this.#capacity - this.#taken) {
      return false;
    }
    this.#taken += count;
    return true;
  }

  /** Gives `count` back. More than were taken make the capacity larger. */
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

  /** Changes how many there are; those that are taken stay so. */
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
