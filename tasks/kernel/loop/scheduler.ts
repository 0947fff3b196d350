/**
 * What runs next: the engine of every loop.
 *
 * It is the runtime's own event loop plus two things: a queue of ready entries,
 * drained once a turn (`setImmediate`), and a heap of timers behind one alarm
 * of the clock.
 *
 * A wake-up needs no turn: it resolves its promise at once, and the runtime's
 * microtask queue keeps the order. But microtasks go before all timers, I/O and
 * signals, so tasks that keep waking each other would starve those. Hence the
 * **budget**: for one millisecond, wake-ups resolve their promises at once.
 * Later ones go through the ready queue, and the turn that drains it starts a
 * new budget. (Tokio calls this a cooperative budget.) Callbacks and first
 * steps of tasks count the same way.
 *
 * The alarm is set at the end of a turn, not when a timer is added. So a
 * timeout that is set and taken back within a turn, as most are, costs no
 * native timer.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { BoundCallback, BoundCalls } from "./bound_calls.ts";
import { budget, TurnPacing } from "./budget.ts";
import type { Alarm, Clock } from "./clock.ts";
import type { Runnable } from "./runnable.ts";
import { Settlement } from "./settlement.ts";
import { SoonQueue } from "./soon_queue.ts";
import { type Timer, TimerHeap } from "./timer_heap.ts";

const settled = Promise.resolve();

/**
 * Whether a loop is running its entries. The asynchronous context is then that
 * of the code that planned the turn, which has nothing to do with the entries.
 */
export let inLoopTurn = false;

/**
 * The order of wake-ups, for tests: a turn then runs one entry, and every
 * wake-up goes through the ready queue.
 */
export interface WakeUpOrder {
  /** Called when a timer is added. */
  timerAdded(timer: Timer): void;
  /** Returns the entry of `ready` that runs next. */
  next(ready: readonly Runnable[]): Runnable | undefined;
  /** Returns the timers of `due` in the order in which they fire. */
  sorted(due: readonly Timer[]): Timer[];
}

/** Runs ready entries and due timers, in order and within the budget. */
export abstract class Scheduler {
  readonly clock: Clock;
  /** Set by tests, while the clock is connected. */
  order: WakeUpOrder | undefined = undefined;

  #alarm: Alarm | undefined = undefined;
  /** The time to which the alarm is set. */
  #armed: number | undefined = undefined;
  #timers = new TimerHeap();
  #ready: Runnable[] = [];
  /** How many they are, each of {@linkcode BoundCalls} counted. */
  #readyCount = 0;
  /** The promises that the first {@linkcode #searched} ready entries settle. */
  readonly #settling = new Set<unknown>();
  #searched = 0;
  /** How many ready entries and due timers call user code. */
  #readyCalls = 0;
  /** How many lists of entries are being run whose rest waits. */
  #rests = 0;
  readonly #soon = new SoonQueue();
  #turnPlanned = false;
  #isStopped = false;
  readonly #pacing = new TurnPacing();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Sets the alarm of the clock. To be called after the clock is connected. */
  protected setAlarm(alarm: Alarm): void {
    this.#alarm = alarm;
    this.#pacing.isDeferring = this.order !== undefined;
  }

  /** Called at the end of each turn. */
  protected abstract turnEnded(): void;

  /**
   * Returns whether one more wake-up may resolve its promise at once. Otherwise
   * it has to be deferred.
   */
  spend(): boolean {
    return budget.spend() || this.#renewBudget();
  }

  #renewBudget(): boolean {
    if (!this.#pacing.renewBudget()) return false;
    this.#planTurn(); // to see when the runtime has taken a turn
    return true;
  }

  /**
   * The same for what keeps the order of causes: it has to be deferred as well
   * if it would overtake what was ready before.
   */
  spendInOrder(): boolean {
    return !this.#overtakes && this.spend();
  }

  /** Whether what runs soon would overtake entries that are ready. */
  get #overtakes(): boolean {
    return this.#readyCalls > 0 || this.#rests > 0;
  }

  /**
   * Runs `entry` after the current synchronous code and all that was ready
   * before, in the asynchronous context of the caller.
   */
  soon(entry: Runnable): void {
    if (this.spendInOrder()) this.#soon.add(entry);
    else this.deferCall(entry);
  }

  /** The same for an entry that has been counted against the budget. */
  next(entry: Runnable): void {
    this.#soon.add(entry);
  }

  /**
   * Whether a wake-up that is caused now would come before what was caused
   * before it. If so, it is added with {@linkcode soon}.
   */
  isAhead(lag: number): boolean {
    return this.#soon.isAhead(lag) || this.#overtakes;
  }

  /** Notes a wake-up that was not added: its code resumes `lag` microtasks later. */
  noteWoken(lag: number): void {
    this.#soon.noteWoken(lag);
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
    this.#readyCount++;
    this.#ready.push(entry);
    this.#planTurn();
  }

  /** Does the same in the asynchronous context of the caller. */
  deferCall(entry: Runnable): void {
    const isBound = !entry.runsUserCode || entry instanceof BoundCallback;
    if (isBound) this.defer(entry);
    else this.#lastCalls().add(entry);
  }

  /** The calls at the end of the ready queue. */
  #lastCalls(): BoundCalls {
    const last = this.#ready.at(-1);
    const isSingle = this.order !== undefined; // tests choose among all
    if (last instanceof BoundCalls && !last.isFull && !isSingle) {
      this.#readyCount++;
      return last;
    }
    const calls = new BoundCalls();
    this.defer(calls);
    return calls;
  }

  /**
   * Returns a promise of `value` for a wait that did not have to wait. It
   * counts against the budget like a wake-up.
   */
  ready<T>(value: T): Promise<T> {
    if (this.spend()) return Promise.resolve(value);
    return this.#settled(new Settlement<T>((resolve) => resolve(value)));
  }

  /** The same for a rejection. */
  readyError(error: unknown): Promise<never> {
    if (this.spend()) return Promise.reject(error);
    return this.#settled(new Settlement<never>((_, reject) => reject(error)));
  }

  #settled<T>(settlement: Settlement<T>): Promise<T> {
    this.defer(settlement);
    return settlement.promise;
  }

  /**
   * Whether an entry of the ready queue is going to settle `promise`: what it
   * stands for has happened, though a reaction of the promise cannot tell yet.
   */
  isSettling(promise: unknown): boolean {
    for (; this.#searched < this.#ready.length; this.#searched++) {
      this.#ready[this.#searched]!.noteSettling?.(this.#settling);
    }
    return this.#settling.has(promise);
  }

  addTimer(timer: Timer): void {
    this.#timers.add(timer);
    if (this.order !== undefined) this.order.timerAdded(timer);
    if (timer.index === 0) this.#planTurn();
  }

  removeTimer(timer: Timer): void {
    this.#timers.remove(timer);
    if (this.#timers.size === 0 && this.#armed !== undefined) this.#planTurn();
  }

  /** Runs the timers that are due: called by the clock. */
  ring(): void {
    this.#armed = undefined;
    this.#drain(this.#takeDue(), 0);
    if (this.#timers.size > 0) this.#planTurn();
  }

  /** Whether something is ready, or a turn is to come. */
  protected get hasWork(): boolean {
    return this.#turnPlanned || this.#ready.length > 0 || this.#soon.size > 0;
  }

  /** Drops the timers, and turns the alarm of the clock off. */
  protected stop(): void {
    this.#isStopped = true;
    this.#timers.clear();
    this.#pacing.isDeferring = false;
    this.#arm();
  }

  /** Makes sure that a turn ends soon, so that `turnEnded` is called. */
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
    if (this.order !== undefined && !this.#isStopped) {
      return this.#step(this.order);
    }
    if (this.#pacing.leavesEmpty(this.#readyCount)) return this.#planTurn();
    this.#pacing.beginTurn();
    const due = this.#takeDue();
    const ready = this.#ready;
    this.#ready = [];
    this.#readyCount = 0;
    this.#forgetSettling();
    this.#drain(due.length === 0 ? ready : [...due, ...ready], 0);
    this.#endTurn();
  };

  #forgetSettling(): void {
    this.#searched = 0;
    this.#settling.clear();
  }

  /** A turn that runs the entry that `order` chooses. */
  #step(order: WakeUpOrder): void {
    this.#drain(this.#takeDue(), 0);
    const entry = order.next(this.#ready);
    if (entry !== undefined) {
      this.#ready.splice(this.#ready.indexOf(entry), 1);
      this.#forgetSettling();
      if (entry.runsUserCode) this.#readyCalls--;
      entry.run();
    }
    if (this.#ready.length > 0) this.#planTurn();
    this.#endTurn();
  }

  /**
   * Runs the entries in order. What an entry causes runs some microtasks later.
   * So an entry waits for a microtask if what it causes could run before what
   * the entry in front of it causes. It also does after {@linkcode BoundCalls},
   * unless something else is in front of those: what that causes would overtake
   * it.
   *
   * Each entry is taken out of the list before it runs: the garbage collector
   * may count the list as old, which would keep all its entries alive.
   *
   * @param onlyCalls Whether there were only {@linkcode BoundCalls} in front.
   */
  #drain(
    entries: (Runnable | undefined)[],
    from: number,
    onlyCalls = true,
  ): void {
    let lag = 0;
    let called = false;
    inLoopTurn = true;
    for (let i = from; i < entries.length; i++) {
      const entry = entries[i]!;
      const own = entry.lag ?? 1;
      const isNextRow = onlyCalls && i > from;
      if (isNextRow || own < lag || (called && !entry.runsUserCode)) {
        this.#rests++;
        settled.then(() => {
          this.#rests--;
          this.#drain(entries, i, onlyCalls);
        });
        break;
      }
      lag = own;
      called = entry.runsUserCode;
      onlyCalls &&= entry instanceof BoundCalls;
      entries[i] = undefined;
      if (called) this.#readyCalls--;
      entry.run();
    }
    inLoopTurn = false;
  }

  /**
   * Takes out the timers that are due; those that they set are for a later
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
    return this.order === undefined ? due : this.order.sorted(due);
  }

  #arm(): void {
    const when = this.#timers.first?.when;
    if (when === undefined) {
      if (this.#armed === undefined) return;
    } else {
      // An alarm that is too early is harmless, and cheaper than setting it
      // again.
      if (this.#armed !== undefined && this.#armed <= when) return;
      if (when <= this.clock.now()) return this.#planTurn();
    }
    this.#armed = when;
    this.#alarm!.set(when);
  }
}
