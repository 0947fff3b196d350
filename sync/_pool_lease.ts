/** @module */
import { printable } from "../tasks/kernel/watch/inspect.ts";
import type { Lease } from "./lease.ts";

/** A resource that exists. */
export interface Entry<T> {
  readonly resource: T;
  /** When it was made; 0 if there are no time limits. */
  readonly born: number;
  /** When it became idle last. */
  idleSince: number;
  /** The lease that holds it. */
  lease: PoolLease<T> | undefined;
}

/** A pool, as seen by a lease. */
export interface Lender<T> {
  giveBack(entry: Entry<T>): void;
  discard(entry: Entry<T>): void;
}

/** A lease. It is held while its entry has this lease as the current one. */
export class PoolLease<T> implements Lease<T> {
  readonly #lender: Lender<T>;
  readonly #entry: Entry<T>;

  constructor(lender: Lender<T>, entry: Entry<T>) {
    this.#lender = lender;
    this.#entry = entry;
  }

  get resource(): T {
    return this.#entry.resource;
  }

  get held(): boolean {
    return this.#entry.lease === this;
  }

  release(): void {
    if (this.held) this.#lender.giveBack(this.#entry);
  }

  discard(): void {
    if (this.held) this.#lender.discard(this.#entry);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  static {
    printable(PoolLease, (lease) => ({
      resource: lease.resource,
      held: lease.held,
    }));
  }
}
