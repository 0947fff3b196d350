/** The unfinished jobs of a queue in memory. @module */
import { InvalidStateError } from "../../tasks/kernel/errors.ts";
import { type EventLoop, getRunningLoop } from "../../tasks/event_loop.ts";
import type { TimerHandle } from "../../tasks/handle.ts";
import { attemptsUsedUp, EXPIRED, keptReason } from "./codec.ts";
import { Entries } from "./_entries.ts";
import type { Entry, EntryState } from "./_entry.ts";
import { Lease } from "./_lease.ts";
import { type Limits, RateLog } from "./limits.ts";
import { ReadyJobs } from "./_ready_jobs.ts";
import type { Outcome } from "./results.ts";
import type { Settings } from "./settings.ts";

/** What a store reports. */
export interface StoreEvents {
  /** Called when there may be an entry to take. */
  ready(): void;
  /** Called when an entry has left the store. */
  finished(entry: Entry, outcome: Outcome): void;
}

/**
 * The entries that are not finished: waiting, delayed or leased. Timers are those
 * of the loop on which the store was made. When that is closed, methods that need
 * a timer throw, and change nothing.
 */
export class Store {
  readonly loop: EventLoop = getRunningLoop();
  readonly #settings: Settings;
  readonly #events: StoreEvents;
  readonly #ready = new ReadyJobs();
  readonly #rate = new RateLog();
  readonly #all = new Entries();
  readonly #counts = { waiting: 0, delayed: 0, leased: 0, gone: 0 };
  readonly #leases = new Map<Entry, Lease>();
  #again: TimerHandle | undefined = undefined;
  #arrivals = 0;
  #paused = false;

  constructor(settings: Settings, events: StoreEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** How many entries are in each state. */
  get counts(): Readonly<Record<EntryState, number>> {
    return this.#counts;
  }

  get size(): number {
    return this.#all.size;
  }

  /** All entries, in the order in which they were put. */
  get entries(): Iterable<Entry> {
    return this.#all;
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    if (!paused) this.#events.ready();
  }

  /** Whether there is nothing to take. */
  get empty(): boolean {
    return this.#paused || this.#ready.empty;
  }

  find(id: string): Entry | undefined {
    return this.#all.find(id);
  }

  leaseOf(entry: Entry): Lease | undefined {
    return this.#leases.get(entry);
  }

  /**
   * @throws {InvalidStateError} A timer is needed, and the run that would fire it
   * has ended.
   */
  checkTimers(
    { delay = 0, expires = Infinity }: { delay?: number; expires?: number },
  ): void {
    if (delay > 0 || expires !== Infinity) this.#checkTime();
  }

  /** Adds a new entry, to be taken in `delay` milliseconds or later. */
  add(entry: Entry, delay: number, expires = Infinity): void {
    this.checkTimers({ delay, expires });
    entry.arrival = this.#arrivals++;
    this.#all.add(entry);
    this.#counts[entry.state]++;
    if (expires !== Infinity) {
      entry.expiry = this.loop.callLater(expires, () => this.#expired(entry));
    }
    this.#offer(entry, delay);
  }

  /** Leases the next entry, if there is one within `limits`. */
  take(limits?: Limits): Lease | undefined {
    if (this.empty) return undefined;
    this.#checkLease();
    const now = this.loop.time();
    const rate = limits?.rate;
    const wait = rate === undefined ? 0 : this.#rate.wait(rate, now);
    if (wait > 0) return this.#lookAgain(wait);
    const entry = this.#ready.take(limits?.keyConcurrency);
    if (entry === undefined) return undefined;
    if (rate !== undefined) this.#rate.add(now);
    entry.attempts++;
    this.#move(entry, "leased");
    const lease = new Lease(entry);
    this.#ready.begun(entry.key);
    this.#begin(lease);
    return lease;
  }

  #lookAgain(ms: number): undefined {
    this.#checkTime();
    const when = this.loop.time() + ms;
    if (this.#again !== undefined && this.#again.when <= when) return;
    this.#again?.cancel();
    this.#again = this.loop.callLater(ms, () => {
      this.#again = undefined;
      this.#events.ready();
    });
  }

  holds(lease: Lease): boolean {
    if (lease.hasRunOut(this.loop.time())) this.#runOut(lease); // the alarm is late
    return this.#leases.get(lease.entry) === lease;
  }

  // The following return `false` if the lease was lost: then nothing has changed.

  done(lease: Lease, result: string | undefined): boolean {
    if (!this.#end(lease)) return false;
    this.#finish(lease.entry, { state: "done", result });
    return true;
  }

  retry(lease: Lease, delay: number, reason: unknown): boolean {
    if (!this.holds(lease)) return false;
    this.checkTimers({ delay });
    this.#end(lease);
    this.#tryAgain(lease.entry, delay, reason);
    return true;
  }

  release(lease: Lease): boolean {
    if (!this.#end(lease)) return false;
    const { entry } = lease;
    entry.attempts--;
    if (isExpired(entry, this.loop)) this.#bury(entry, EXPIRED);
    else this.#offer(entry, 0);
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
    lease.alarm?.cancel();
    this.#begin(lease);
    return true;
  }

  /** Takes an entry out; the holder of a leased one loses it. */
  cancel(entry: Entry): void {
    const lease = this.#leases.get(entry);
    const held = lease !== undefined && this.#end(lease);
    if (entry.state === "gone") return; // ending the lease has buried it
    if (entry.state === "waiting") this.#ready.removed(entry);
    this.#finish(entry, { state: "cancelled" });
    if (held) lease.job?.lose("cancelled");
  }

  /** Drops everything, and ends all leases. */
  clear(): void {
    this.#ready.clear();
    this.#again?.cancel();
    const leases = [...this.#leases.values()];
    this.#leases.clear();
    for (const entry of this.#all) {
      entry.due?.cancel();
      entry.expiry?.cancel();
      entry.state = "gone";
    }
    this.#all.clear();
    for (const state of ["waiting", "delayed", "leased"] as const) {
      this.#counts[state] = 0;
    }
    for (const lease of leases) {
      lease.alarm?.cancel();
      lease.job?.lose("closed");
    }
  }

  #checkLease(): void {
    if (this.#settings.lease !== Infinity) this.#checkTime();
  }

  #checkTime(): void {
    if (!this.loop.isClosed) return;
    throw new InvalidStateError(
      "Cannot lease or delay a job: the run that the queue was made in has ended",
    );
  }

  #move(entry: Entry, state: EntryState): void {
    this.#counts[entry.state]--;
    this.#counts[entry.state = state]++;
  }

  #offer(entry: Entry, delay: number): void {
    if (delay > 0) return this.#delay(entry, delay);
    this.#move(entry, "waiting");
    this.#ready.add(entry);
    this.#events.ready();
  }

  #delay(entry: Entry, delay: number): void {
    this.#move(entry, "delayed");
    entry.due = this.loop.callLater(delay, () => {
      entry.due = undefined;
      this.#offer(entry, 0);
    });
    if (entry.key !== undefined) this.#events.ready(); // for the next of its key
  }

  #begin(lease: Lease): void {
    const ms = this.#settings.lease;
    this.#leases.set(lease.entry, lease);
    if (ms === Infinity) return;
    lease.alarm = this.loop.callLater(ms, () => this.#runOut(lease));
  }

  /** Ends a lease; returns `false` if it was lost before. */
  #end(lease: Lease): boolean {
    if (!this.holds(lease)) return false;
    this.#drop(lease);
    return true;
  }

  #drop(lease: Lease): void {
    lease.alarm?.cancel();
    this.#leases.delete(lease.entry);
    this.#ready.ended(lease.entry.key);
  }

  #runOut(lease: Lease): void {
    lease.alarm?.cancel();
    if (this.#leases.get(lease.entry) !== lease) return;
    this.#drop(lease);
    this.#tryAgain(lease.entry, 0, "its lease ran out");
    lease.job?.lose("expired");
  }

  /** Called when the time for the first attempt is over. */
  #expired(entry: Entry): void {
    if (entry.attempts > 0) return;
    if (entry.state === "waiting") this.#ready.removed(entry);
    this.#bury(entry, EXPIRED);
  }

  /** Offers an entry again, unless that was its last attempt. */
  #tryAgain(entry: Entry, delay: number, reason: unknown): void {
    const { attempts } = entry;
    if (attempts < this.#settings.maxAttempts) this.#offer(entry, delay);
    else this.#bury(entry, attemptsUsedUp(attempts, reason));
  }

  #bury(entry: Entry, reason: string): void {
    this.#finish(entry, { state: "dead", reason: keptReason(reason) });
  }

  #finish(entry: Entry, outcome: Outcome): void {
    entry.due?.cancel();
    entry.expiry?.cancel();
    this.#all.delete(entry);
    this.#move(entry, "gone");
    this.#counts.gone = 0;
    const { key } = entry;
    this.#events.finished(entry, outcome);
    if (key !== undefined) this.#events.ready(); // for the next of its key
  }
}

function isExpired({ attempts, expiry }: Entry, loop: EventLoop): boolean {
  return attempts === 0 && expiry !== undefined && expiry.when <= loop.time();
}
