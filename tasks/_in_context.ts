/** @module */
import type { Runnable } from "./runnable.ts";

/**
 * Lets `entry` run in the asynchronous context where this was made, not where
 * the loop happens to be: so that the stores of others, such as the active span
 * of a trace, are found there too.
 *
 * A reaction of a promise runs in the context in which it was added, and that
 * is much cheaper than any other way to get there. It also gives the entry its
 * place among the continuations of the promises that the loop resolves.
 */
export class InContext implements Runnable {
  readonly calls = true;
  readonly run: () => void;

  constructor(entry: Runnable) {
    let run!: () => void; // Node 20 has no Promise.withResolvers
    new Promise<void>((resolve) => run = resolve).then(() => entry.run());
    this.run = run;
  }
}
