/** Foreign functions, called by the loop. @module */
import type { Runnable } from "./runnable.ts";
import type { Scheduler } from "./scheduler.ts";
import { type Bindings, currentScope, runInScope, Scope } from "./scope.ts";

/** Calls `fn` in the context that was current when it was made, and in no task. */
export class Callback implements Runnable {
  readonly calls = true;
  readonly scheduler: Scheduler;
  readonly #bindings: Bindings;
  #fn: (() => void) | undefined;

  constructor(scheduler: Scheduler, fn: () => void) {
    this.scheduler = scheduler;
    this.#bindings = currentScope().variables.bindings;
    this.#fn = fn;
  }

  get cancelled(): boolean {
    return this.#fn === undefined;
  }

  /** Forgets the function, which will not be called any more. */
  cancel(): void {
    this.#fn = undefined;
  }

  run(): void {
    const fn = this.#fn;
    if (fn === undefined) return;
    const { scheduler } = this;
    const scope = new Scope(scheduler, undefined, { bindings: this.#bindings });
    const start = scheduler.debug ? performance.now() : 0;
    try {
      runInScope(scope, fn);
    } catch (error) {
      scheduler.report({
        message: `Exception in callback ${nameOf(fn)}`,
        error,
      });
    }
    if (scheduler.debug) {
      scheduler.checkDuration(
        `Callback ${nameOf(fn)}`,
        performance.now() - start,
      );
    }
  }
}

function nameOf(fn: () => void): string {
  return fn.name === "" ? "(anonymous)" : fn.name;
}
