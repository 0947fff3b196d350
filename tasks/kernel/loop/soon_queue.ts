/** @module */
import type { Runnable } from "./runnable.ts";

const settled = Promise.resolve();

function noop(): void {}

/**
 * How many microtasks after its wake-up the code goes on that awaits a future:
 * one runs the reaction that `Future.then` has added, one the code behind the
 * `await`.
 */
const LONGEST_LAG = 2;

/**
 * What runs after the current synchronous code, each entry in the asynchronous
 * context in which it was added: first steps of tasks and callbacks.
 *
 * Callbacks keep the order of their causes, also with code that awaits futures,
 * tasks and events: `future.setResult(1); loop.callSoon(f)` lets the code that
 * awaits the future go on before `f` is called. A wake-up happens at once, but
 * its code goes on some microtasks later, its **lag**. So a callback is called
 * one microtask after the longest lag of what was caused before; and a wake-up
 * that was caused after a callback is an entry here as well.
 */
export class SoonQueue {
  #entries: (Runnable | undefined)[] = [];
  #next = 0;
  /** The index of the last ordered entry. */
  #lastOrdered = -1;
  /** What new entries come after. */
  #before: Promise<void> = settled;
  /** The lag of what comes last: the longest, as wake-ups are not noted. */
  #lag = LONGEST_LAG;

  get size(): number {
    return this.#entries.length;
  }

  /** Whether what is caused now has to come after an entry. */
  get hasOrdered(): boolean {
    return this.#lastOrdered >= this.#next;
  }

  add(entry: Runnable): void {
    if (entry.lag !== undefined) this.#order(entry.lag);
    this.#entries.push(entry);
    this.#before.then(this.#run);
  }

  /**
   * Lets entries that are added from now on wait, in their order, until the
   * returned function is called: in the same synchronous code.
   */
  hold(): () => void {
    if (this.#before !== settled) return noop; // they wait already
    let release!: () => void;
    const held = new Promise<void>((resolve) => release = resolve);
    this.#before = held;
    return () => {
      if (this.#before === held) this.#before = settled;
      release();
    };
  }

  /** Lets what is added next come after all that was caused before. */
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
   * Entries are taken out one by one: the list may have been moved among what
   * is old, and would keep them until that is collected.
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
