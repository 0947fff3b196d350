/** @module */
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { InvalidStateError } from "../../tasks/kernel/errors.ts";
import { type EventLoop, getRunningLoop } from "../../tasks/event_loop.ts";
import type { TimerHandle } from "../../tasks/handle.ts";
import { PriorityQueue } from "../priority_queue.ts";
import { attemptsUsedUp } from "./codec.ts";
import type { Settings } from "./settings.ts";

/** A job, whoever has it. */
export interface Entry {
  readonly id: string;
  readonly data: Uint8Array;
  /** Jobs are taken in this order, also those that came back. */
  arrival: number;
  /** How often it was leased, and not given back with `release`. */
  attempts: number;
}

/** Somebody has an entry, for a time. */
export class Lease {
  readonly entry: Entry;
  /** When it runs out; none where it never does. */
  alarm: TimerHandle | undefined = undefined;
  /** Whether it was ended with the store. */
  dropped = false;

  constructor(entry: Entry) {
    this.entry = entry;
  }
}

/** What a store tells of. */
export interface StoreEvents {
  /** There is an entry to be taken. */
  ready(): void;
  /** An entry was given up. */
  dead(entry: Entry, reason: string): void;
  /** An entry has left the store, done or dead. */
  finished(): void;
}

/**
 * The entries that are not finished: ready, delayed or leased. Its time is that
 * of the loop it was made on, and ends with it: what needs a timer throws from
 * then on, and has changed nothing.
 */
export class Store {
  readonly loop: EventLoop = getRunningLoop();
  readonly #scheduler = currentScope().scheduler;
  readonly #settings: Settings;
  readonly #events: StoreEvents;
  readonly #ready = new PriorityQueue<Entry>(0, {
    compare: (a, b) => a.arrival - b.arrival,
  });
  readonly #delayed = new Set<TimerHandle>();
  readonly #leases = new Set<Lease>();
  #arrivals = 0;

  constructor(settings: Settings, events: StoreEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  get ready(): number {
    return this.#ready.size;
  }

  get delayed(): number {
    return this.#delayed.size;
  }

  get leased(): number {
    return this.#leases.size;
  }

  get size(): number {
    return this.ready + this.delayed + this.leased;
  }

  /** @throws {InvalidStateError} Nothing can be delayed any more. */
  checkDelay(delay: number): void {
    if (delay > 0) this.#checkTime();
  }

  /** Takes a new entry in, to be taken out in `delay` milliseconds or later. */
  add(entry: Entry, delay: number): void {
    this.checkDelay(delay);
    entry.arrival = this.#arrivals++;
    this.#offer(entry, delay);
  }

  /** Leases the first entry that is ready. */
  take(): Lease | undefined {
    if (this.#ready.empty) return undefined;
    this.#checkLease();
    const lease = new Lease(this.#ready.getNowait());
    lease.entry.attempts++;
    this.#begin(lease);
    return lease;
  }

  holds(lease: Lease): boolean {
    if (isOver(lease, this.loop)) this.#expire(lease); // the alarm is late
    return this.#leases.has(lease);
  }

  /** From here on, false says that the lease was lost, and nothing changed. */
  done(lease: Lease): boolean {
    if (!this.#end(lease)) return false;
    this.#events.finished();
    return true;
  }

  retry(lease: Lease, delay: number, reason: unknown): boolean {
    if (!this.holds(lease)) return false;
    this.checkDelay(delay);
    this.#end(lease);
    this.#again(lease.entry, delay, reason);
    return true;
  }

  release(lease: Lease): boolean {
    if (!this.#end(lease)) return false;
    lease.entry.attempts--;
    this.#offer(lease.entry, 0);
    return true;
  }

  fail(lease: Lease, reason: string): boolean {
    if (!this.#end(lease)) return false;
    this.#bury(lease.entry, reason);
    return true;
  }

  extend(lease: Lease): boolean {
    if (!this.holds(lease)) return false;
    this.#checkLease();
    this.#end(lease);
    this.#begin(lease);
    return true;
  }

  /** Drops everything, and ends all leases. */
  clear(): void {
    this.#ready.shutdown(true);
    for (const handle of this.#delayed) handle.cancel();
    for (const lease of this.#leases) {
      lease.alarm?.cancel();
      lease.dropped = true;
    }
    this.#delayed.clear();
    this.#leases.clear();
  }

  #checkLease(): void {
    if (this.#settings.lease !== Infinity) this.#checkTime();
  }

  #checkTime(): void {
    if (!this.#scheduler.closed) return;
    throw new InvalidStateError(
      "the run that this queue of jobs was made in has ended: nothing can be leased for a time any more, or delayed",
    );
  }

  #offer(entry: Entry, delay: number): void {
    if (delay > 0) return this.#delay(entry, delay);
    this.#ready.putNowait(entry);
    this.#events.ready();
  }

  #delay(entry: Entry, delay: number): void {
    const handle = this.loop.callLater(delay, () => {
      this.#delayed.delete(handle);
      this.#offer(entry, 0);
    });
    this.#delayed.add(handle);
  }

  #begin(lease: Lease): void {
    const ms = this.#settings.lease;
    this.#leases.add(lease);
    if (ms === Infinity) return;
    lease.alarm = this.loop.callLater(ms, () => this.#expire(lease));
  }

  #end(lease: Lease): boolean {
    if (!this.holds(lease)) return false;
    lease.alarm?.cancel();
    return this.#leases.delete(lease);
  }

  #expire(lease: Lease): void {
    lease.alarm?.cancel();
    if (!this.#leases.delete(lease)) return;
    this.#again(lease.entry, 0, "its lease ran out");
  }

  /** To be tried again, unless that was the last time. */
  #again(entry: Entry, delay: number, reason: unknown): void {
    const { attempts } = entry;
    if (attempts < this.#settings.maxAttempts) this.#offer(entry, delay);
    else this.#bury(entry, attemptsUsedUp(attempts, reason));
  }

  #bury(entry: Entry, reason: string): void {
    this.#events.dead(entry, reason);
    this.#events.finished();
  }
}

function isOver({ alarm }: Lease, loop: EventLoop): boolean {
  return alarm !== undefined && alarm.when <= loop.time();
}
