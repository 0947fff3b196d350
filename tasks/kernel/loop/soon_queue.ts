/** @module */
import type { Runnable } from "./runnable.ts";

const settled = Promise.resolve();

function noop(): void {}

/**
 * How many microtasks after the wake-up the code resumes that awaits a future:
 * one for the reaction that `Future.then` has added, one for the `await`.
 */
const LONGEST_LAG = 2;

/**
 * What runs after the current synchronous code, each entry in the asynchronous
 * context in which it was added: first steps of tasks and callbacks.
 *
 * **The order of causes.** Callbacks and code that awaits futures, tasks or
 * events run in the order in which they were caused: after
 * `future.setResult(1); loop.callSoon(f)`, the code that awaits the future
 * resumes before `f` is called. A wake-up resolves its promise at once, but its
 * code resumes some microtasks later: that is its **lag**. So a callback is
 * called one microtask after the longest lag of what was caused before, and a
 * wake-up that was caused after a callback is an entry of this queue, too.
 */
export class SoonQueue {
  #entries: (Runnable | undefined)[] = [];
  #next = 0;
  /** The index of the last entry that keeps the order of causes. */
  #lastOrdered = -1;
  /** New entries run after this has resolved. */
  #before: Promise<void> = settled;
  /**
   * The lag of what was caused last: the longest until an entry is added, as
   * the queue does not see other wake-ups.
   */
  #lag = LONGEST_LAG;
  /** Whether code with the longest lag, woken without an entry, may be to resume. */
  #awaitsSlow = false;
  /** Whether more of it was woken since a microtask was added to look. */
  #wokeSlow = false;

  get size(): number {
    return this.#entries.length;
  }

  /**
   * Whether code that is woken now, and resumes after `lag` microtasks, has to
   * come after an entry, or would overtake code that was woken before.
   */
  isAhead(lag: number): boolean {
    return this.#lastOrdered >= this.#next ||
      (this.#awaitsSlow && lag < LONGEST_LAG);
  }

  /** Notes that code was woken that needed no entry. */
  noteWoken(lag: number): void {
    if (lag < LONGEST_LAG) return;
    if (this.#awaitsSlow) this.#wokeSlow = true;
    else this.#lookForSlow();
  }

  /**
   * The microtask comes after the first one of the code that was woken: the
   * last one is in line by then.
   */
  #lookForSlow(): void {
    this.#awaitsSlow = true;
    this.#wokeSlow = false;
    settled.then(this.#slowInLine);
  }

  #slowInLine = (): void => {
    if (this.#wokeSlow) this.#lookForSlow();
    else this.#awaitsSlow = false;
  };

  add(entry: Runnable): void {
    if (entry.lag !== undefined) this.#order(entry.lag);
    this.#entries.push(entry);
    this.#before.then(this.#run);
  }

  /**
   * Delays all entries that are added from now on, in their order, until the
   * returned function is called. The same synchronous code has to call it.
   */
  hold(): () => void {
    if (this.#before !== settled) return noop; // new entries wait already
    let release!: () => void;
    const held = new Promise<void>((resolve) => release = resolve);
    this.#before = held;
    return () => {
      if (this.#before === held) this.#before = settled;
      release();
    };
  }

  /**
   * Makes the entry that is added next run after all that was caused before.
   */
  #order(lag: number): void {
    this.#lastOrdered = this.#entries.length;
    if (this.#lag > lag) {
      const before = this.#before.then(noop).then(() => {
        if (this.#before !== before) return;
        this.#before = settled;
        this.#lag = LONGEST_LAG;
      });
      this.#before = before;
    }
    this.#lag = lag;
  }

  /**
   * Runs the next entry, after taking it out of the list: the garbage collector
   * may count the list as old, which would keep all its entries alive.
   */
  #run = (): void => {
    const entry = this.#entries[this.#next]!;
    this.#entries[this.#next++] = undefined;
    if (this.#next === this.#entries.length) {
      this.#entries = [];
      this.#next = 0;
      this.#lastOrdered = -1;
    }
    entry.run();
  };
}
