/**
 * What runs next: the engine of every loop.
 *
 * It is the runtime's own event loop plus two things: a queue of what is ready,
 * drained once a turn (`setImmediate`), and a heap of timers behind one alarm
 * of the clock.
 *
 * A wake-up does not have to wait for a turn: it resolves its promise at once,
 * and the runtime's microtask queue keeps the order. But microtasks go before
 * all timers, I/O and signals, so tasks that hand values around would starve
 * those. Hence the **budget**: wake-ups go the short way for a millisecond,
 * looked at every so often; the next ones go through the ready queue, and the
 * turn that drains it starts a new budget. (Tokio calls this a cooperative
 * budget.) Callbacks and first steps of tasks are counted the same way.
 *
 * The alarm is set at the end of a turn, not when a timer is: a timeout that is
 * set and taken back within the turn, as most are, then costs no native timer.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { budget } from "./budget.ts";
import type { Alarm, Clock } from "./clock.ts";
import { BoundCallback, type Runnable, Settlement } from "./runnable.ts";
import { SoonQueue } from "./soon_queue.ts";
import { type Timer, TimerHeap } from "./timer_heap.ts";

/** Milliseconds of wake-ups without a turn, after which one is due. */
const TURN_INTERVAL_MS = 1;

/** More than this that is ready for one turn counts as work flat out. */
const BUSY = 256;

/**
 * The runtime looks for I/O only every 61st turn as long as there is always
 * something to do (Tokio's `event_interval`).
 */
const IO_POLL_INTERVAL = 61;

/**
 * Milliseconds of work flat out, after which so many turns are left empty,
 * which takes some 60 µs.
 */
const IO_YIELD_INTERVAL_MS = 2;

const settled = Promise.resolve();

/**
 * Whether a loop runs its entries: in the context of the code that planned the turn,
 * which has nothing to do with what is run.
 */
export let inLoopTurn = false;

/** Runs what is ready and what is due, in order and within the budget. */
export abstract class Scheduler {
  readonly clock: Clock;
  /**
   * Decides which of `count` wake-ups comes first: for tests, which set it while
   * the clock is connected.
   */
  choose: ((count: number) => number) | undefined = undefined;

  #alarm: Alarm | undefined = undefined;
  /** The time that the alarm is set to. */
  #armed: number | undefined = undefined;
  #timers = new TimerHeap();
  /** Under test: when each timer was asked for. */
  readonly #askedFor = new WeakMap<Timer, number>();
  #ready: Runnable[] = [];
  /** The promises that the first {@linkcode #searched} of them settle. */
  readonly #settling = new Set<unknown>();
  #searched = 0;
  /** How many of them are calls of user code. */
  #readyCalls = 0;
  readonly #soon = new SoonQueue();
  #turnPlanned = false;
  #isStopped = false;
  #isDeferring = false;
  /** Since when there are wake-ups without a turn, once that has been asked. */
  #busySince: number | undefined = undefined;
  #lastIoYield = 0;
  #emptyTurns = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Takes the alarm of the clock: apart, as a clock may set `choose` first. */
  protected setAlarm(alarm: Alarm): void {
    this.#alarm = alarm;
    this.#deferring = this.choose !== undefined; // every wake-up is to be chosen
  }

  /** Called at the end of each turn. */
  protected abstract turnEnded(): void;

  /**
   * Whether one more wake-up may go the short way; else it is to be deferred.
   */
  spend(): boolean {
    return budget.spend() || this.#renewBudget();
  }

  /**
   * Runs `entry` after the current synchronous code and everything that is
   * ready before it, in the asynchronous context of the caller.
   */
  soon(entry: Runnable): void {
    if (this.#readyCalls === 0 && this.spend()) this.#soon.add(entry);
    else this.deferCall(entry);
  }

  /** The same for an entry that the budget was asked for already. */
  next(entry: Runnable): void {
    this.#soon.add(entry);
  }

  /**
   * Whether a wake-up that is caused now has to come after callbacks that are
   * still to be called: it is then to be added with {@linkcode soon}.
   */
  get hasCallbacks(): boolean {
    return this.#soon.hasOrdered || this.#readyCalls > 0;
  }

  /** See `SoonQueue.hold`. */
  hold(): () => void {
    return this.#soon.hold();
  }

  /**
   * Runs `entry` in the next turn, after the timers that are due and after I/O.
   */
  defer(entry: Runnable): void {
    if (entry.runsUserCode) this.#readyCalls++;
    this.#ready.push(entry);
    this.#planTurn();
  }

  /** The same in the asynchronous context of the caller. */
  deferCall(entry: Runnable): void {
    const isBound = !entry.runsUserCode || entry instanceof BoundCallback;
    this.defer(isBound ? entry : new BoundCallback(entry));
  }

  /**
   * A promise of `value` for a wait that did not have to wait; part of the
   * budget like any wake-up.
   */
  ready<T>(value: T): Promise<T> {
    if (this.spend()) return Promise.resolve(value);
    return new Settlement<T>(this, (resolve) => resolve(value)).promise;
  }

  /** The same for a rejection. */
  readyError(error: unknown): Promise<never> {
    if (this.spend()) return Promise.reject(error);
    return new Settlement<never>(this, (_, reject) => reject(error)).promise;
  }

  /**
   * Whether an entry of the ready queue is going to settle `promise`: what is
   * waited for has happened then, though the promise does not show it yet.
   */
  isSettling(promise: unknown): boolean {
    for (; this.#searched < this.#ready.length; this.#searched++) {
      const entry = this.#ready[this.#searched]!;
      if (entry.promise !== undefined) this.#settling.add(entry.promise);
    }
    return this.#settling.has(promise);
  }

  addTimer(timer: Timer): void {
    this.#timers.add(timer);
    if (this.choose !== undefined) this.#askedFor.set(timer, this.clock.now());
    if (timer.index === 0) this.#planTurn();
  }

  removeTimer(timer: Timer): void {
    this.#timers.remove(timer);
    if (this.#timers.size === 0 && this.#armed !== undefined) this.#planTurn();
  }

  ring(): void {
    this.#armed = undefined;
    this.#drain(this.#takeDue(), 0);
    if (this.#timers.size > 0) this.#planTurn();
  }

  /** Whether something is ready, or a turn is to come. */
  protected get hasWork(): boolean {
    return this.#turnPlanned || this.#ready.length > 0 || this.#soon.size > 0;
  }

  /** Drops the timers, and lets go of the clock. */
  protected stop(): void {
    this.#isStopped = true;
    this.#timers.clear();
    this.#deferring = false;
    this.#arm();
  }

  /** Lets the current turn, or one that is taken for this, have an end. */
  planEndOfTurn(): void {
    this.#planTurn();
  }

  #endTurn(): void {
    this.#arm();
    this.turnEnded();
  }

  #planTurn(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(this.#turn);
  }

  #turn = (): void => {
    this.#turnPlanned = false;
    if (this.choose !== undefined && !this.#isStopped) {
      return this.#step(this.choose);
    }
    if (this.#yieldsToIo()) return this.#planTurn();
    this.#busySince = undefined;
    this.#deferring = false;
    budget.renew();
    const due = this.#takeDue();
    const ready = this.#ready;
    this.#ready = [];
    this.#forgetSettling();
    this.#drain(due.length === 0 ? ready : [...due, ...ready], 0);
    this.#endTurn();
  };

  #forgetSettling(): void {
    this.#searched = 0;
    this.#settling.clear();
  }

  /** Whether wake-ups go through the ready queue until the next turn. */
  get #deferring(): boolean {
    return this.#isDeferring;
  }

  set #deferring(defers: boolean) {
    if (this.#isDeferring === defers) return;
    this.#isDeferring = defers;
    budget.deferring += defers ? 1 : -1;
  }

  /** The budget is spent: a new one, unless it is time for a turn. */
  #renewBudget(): boolean {
    if (this.#deferring) return false;
    const now = performance.now();
    if (this.#busySince === undefined) {
      this.#busySince = now;
      this.#planTurn(); // or the turns that the runtime takes went unseen
    }
    this.#deferring = now - this.#busySince >= TURN_INTERVAL_MS;
    if (this.#deferring) return false;
    budget.renew();
    return true;
  }

  /** Whether this turn is to be left empty. */
  #yieldsToIo(): boolean {
    if (this.#emptyTurns > 0) return this.#emptyTurns-- > 0;
    if (!this.#deferring && this.#ready.length <= BUSY) return false;
    const now = performance.now();
    if (now - this.#lastIoYield < IO_YIELD_INTERVAL_MS) return false;
    this.#lastIoYield = now;
    this.#emptyTurns = IO_POLL_INTERVAL - 1;
    return true;
  }

  /**
   * A turn under test: runs one entry, whichever `choose` says. Calls keep
   * their order, as the rules have it.
   */
  #step(choose: (count: number) => number): void {
    this.#drain(this.#takeDue(), 0);
    let calls = false;
    const open = this.#ready.filter((entry) => {
      const isLaterCall = entry.runsUserCode && calls;
      calls ||= entry.runsUserCode;
      return !isLaterCall;
    });
    if (open.length > 0) {
      const entry = open[open.length > 1 ? choose(open.length) : 0]!;
      this.#ready.splice(this.#ready.indexOf(entry), 1);
      this.#forgetSettling();
      if (entry.runsUserCode) this.#readyCalls--;
      entry.run();
    }
    if (this.#ready.length > 0) this.#planTurn();
    this.#endTurn();
  }

  /**
   * Timers of one moment that were asked for at different moments may fire in
   * any order; those asked for at the same moment keep theirs.
   */
  #shuffle(due: Timer[], choose: (count: number) => number): Timer[] {
    const order: Timer[] = [];
    while (due.length > 0) {
      const { when } = due[0]!;
      const heads = new Map<number | undefined, Timer>();
      for (const timer of due) {
        const asked = this.#askedFor.get(timer);
        if (timer.when === when && !heads.has(asked)) heads.set(asked, timer);
      }
      const open = [...heads.values()];
      const next = open[open.length > 1 ? choose(open.length) : 0]!;
      due.splice(due.indexOf(next), 1);
      order.push(next);
    }
    return order;
  }

  /**
   * Runs the entries in order. A callback is called one microtask later, and
   * code that is woken goes on even later: an entry waits until it can have no
   * effect before those in front of it have had theirs.
   *
   * They are taken out one by one: the list may have been moved among what is
   * old, and would keep them until that is collected.
   */
  #drain(entries: (Runnable | undefined)[], from: number): void {
    let lag = 0;
    let called = false;
    inLoopTurn = true;
    for (let i = from; i < entries.length; i++) {
      const entry = entries[i]!;
      const own = entry.lag ?? 1;
      if (own < lag || (called && !entry.runsUserCode)) {
        settled.then(() => this.#drain(entries, i));
        break;
      }
      lag = own;
      called = entry.runsUserCode;
      entries[i] = undefined;
      if (called) this.#readyCalls--;
      entry.run();
    }
    inLoopTurn = false;
  }

  /**
   * Takes the timers out that are due; those that they set are for a later
   * turn.
   */
  #takeDue(): Timer[] {
    const due: Timer[] = [];
    let first = this.#timers.first;
    if (first === undefined) return due;
    const now = this.clock.now();
    while (first !== undefined && first.when <= now) {
      this.#timers.remove(first);
      if (first.runsUserCode) this.#readyCalls++;
      due.push(first);
      first = this.#timers.first;
    }
    return this.choose === undefined ? due : this.#shuffle(due, this.choose);
  }

  #arm(): void {
    const when = this.#timers.first?.when;
    if (when === undefined) {
      if (this.#armed === undefined) return;
    } else {
      // An alarm that comes too early is harmless, and cheaper than to set it
      // again.
      if (this.#armed !== undefined && this.#armed <= when) return;
      if (when <= this.clock.now()) return this.#planTurn();
    }
    this.#armed = when;
    this.#alarm!.set(when);
  }
}
