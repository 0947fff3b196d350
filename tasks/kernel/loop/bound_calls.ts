/**
 * Calls in the asynchronous context in which they were asked for.
 *
 * @module
 */
import type { Runnable } from "./runnable.ts";

/**
 * Runs `entry` in the asynchronous context in which this was made, not in that
 * of the loop's turn: so the stores of other packages, such as the active span
 * of a trace, are found there too.
 *
 * A reaction of a promise runs in the context in which it was added. That is
 * much cheaper than any other way into a context, and it gives the entry its
 * place among the continuations of the promises that the loop resolves.
 */
export class BoundCallback implements Runnable {
  readonly runsUserCode = true;
  readonly lag = 1;
  readonly run: () => void;

  constructor(entry: Runnable) {
    let run!: () => void; // Node 20 has no Promise.withResolvers
    new Promise<void>((resolve) => run = resolve).then(() => entry.run());
    this.run = run;
  }
}

/**
 * So many calls are made in a row before the code goes on that they have begun:
 * of a million tasks that end soon, most have ended before the last one begins.
 */
const MOST = 256;

/**
 * Calls that were deferred one after the other. Each runs in the asynchronous
 * context in which it was added: see {@linkcode BoundCallback}. They share a
 * promise, as there may be a million of them.
 */
export class BoundCalls implements Runnable {
  readonly runsUserCode = true;
  readonly lag = 1;
  readonly run: () => void;
  readonly #turn: Promise<void>;
  readonly #calls: (Runnable | undefined)[] = [];
  #next = 0;

  constructor() {
    let run!: () => void;
    this.#turn = new Promise<void>((resolve) => run = resolve);
    this.run = run;
  }

  /** Whether no more calls may be added. */
  get isFull(): boolean {
    return this.#calls.length === MOST;
  }

  add(call: Runnable): void {
    this.#calls.push(call);
    this.#turn.then(this.#runNext);
  }

  #runNext = (): void => {
    const call = this.#calls[this.#next]!;
    this.#calls[this.#next++] = undefined; // see Scheduler.#drain
    call.run();
  };
}
