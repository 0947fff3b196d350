/** @module */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Runnable } from "./runnable.ts";

/**
 * Runs `entry` in the asynchronous context where this was made, not where the
 * loop happens to be: so that the stores of others, such as the active span of
 * a trace, are found there too.
 */
export class InContext implements Runnable {
  readonly calls = true;
  readonly #entry: Runnable;
  readonly #inContext: (fn: () => void) => void = AsyncLocalStorage.snapshot();

  constructor(entry: Runnable) {
    this.#entry = entry;
  }

  run(): void {
    this.#inContext(() => this.#entry.run());
  }
}
