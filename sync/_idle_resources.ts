/** @module */
import { Deadline } from "../tasks/kernel/loop/deadline.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import type { Entry } from "./_pool_lease.ts";

/** How long resources are kept; `Infinity` for always. */
export interface TimeLimits {
  /** How many resources `idleTimeout` keeps. */
  readonly min: number;
  readonly idleTimeout: number;
  readonly maxLifetime: number;
}

/** A pool, as seen by its idle resources. */
export interface Keeper<T> {
  /** How many resources exist, idle or not. */
  readonly kept: number;
  /** Destroys a resource whose time is over. */
  retire(entry: Entry<T>): void;
}

/** The idle resources of a pool: the one added last is taken first. */
export class IdleResources<T> {
  readonly #limits: TimeLimits;
  readonly #keeper: Keeper<T>;
  readonly #loop: Loop;
  readonly #isTimed: boolean;
  readonly #entries: Entry<T>[] = [];
  /** The timer of the next look at the time limits; it may be too early. */
  #timer: Deadline | undefined = undefined;

  constructor(limits: TimeLimits, keeper: Keeper<T>, loop: Loop) {
    this.#limits = limits;
    this.#keeper = keeper;
    this.#loop = loop;
    this.#isTimed = limits.idleTimeout !== Infinity ||
      limits.maxLifetime !== Infinity;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The time, if there are time limits. */
  get now(): number {
    return this.#isTimed ? this.#loop.clock.now() : 0;
  }

  /** Whether a resource has existed for too long. */
  isOld(entry: Entry<T>): boolean {
    const { maxLifetime } = this.#limits;
    return maxLifetime !== Infinity && entry.born + maxLifetime <= this.now;
  }

  add(entry: Entry<T>): void {
    this.#entries.push(entry);
    if (!this.#isTimed) return;
    entry.idleSince = this.now;
    this.#lookAt(this.#endOf(entry));
  }

  /** Takes out a resource that is not too old. Calls no user code. */
  takeFresh(): Entry<T> | undefined {
    const entries = this.#entries;
    let index = entries.length - 1;
    while (index >= 0 && this.isOld(entries[index]!)) index--;
    if (index === entries.length - 1) return entries.pop();
    return index < 0 ? undefined : entries.splice(index, 1)[0];
  }

  /** Takes out a resource that is not too old, and retires those that are. */
  take(): Entry<T> | undefined {
    let entry = this.#entries.pop();
    while (entry !== undefined && this.isOld(entry)) {
      this.#keeper.retire(entry);
      entry = this.#entries.pop();
    }
    return entry;
  }

  /** Takes out all resources. */
  takeAll(): Entry<T>[] {
    this.#timer?.stop();
    return this.#entries.splice(0);
  }

  #look(): void {
    this.#timer = undefined;
    const { now } = this;
    let next = Infinity;
    for (const entry of this.#entries.splice(0)) {
      const end = this.#endOf(entry);
      if (end <= now) this.#keeper.retire(entry);
      else {
        this.#entries.push(entry);
        next = Math.min(next, end);
      }
    }
    this.#lookAt(next);
  }

  /** The look calls user code, so the timer only schedules it. */
  #lookAt(when: number): void {
    if (when === Infinity || this.#timer && this.#timer.when <= when) return;
    this.#timer?.stop();
    const loop = this.#loop;
    const look = { run: () => this.#look(), runsUserCode: true };
    this.#timer = new Deadline(loop, when, () => loop.soon(look));
  }

  /** Returns when an idle resource has to be destroyed. */
  #endOf({ born, idleSince }: Entry<T>): number {
    const { min, idleTimeout, maxLifetime } = this.#limits;
    const byAge = born + maxLifetime;
    return this.#keeper.kept <= min
      ? byAge
      : Math.min(byAge, idleSince + idleTimeout);
  }
}
