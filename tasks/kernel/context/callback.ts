/** Functions of the user that the loop calls. @module */
import { rootFrame } from "../cancel/cancel_scope.ts";
import type { Runnable } from "../loop/runnable.ts";
import type { Loop } from "../loop/loop.ts";
import type { Bindings } from "../cancel/context_frame.ts";
import { captureStack } from "../watch/user_frame.ts";
import { currentVariables, runInFrame } from "./current_scope.ts";

/**
 * Calls `fn` with the context variables that were set when the callback was
 * made, and in no task.
 */
export class Callback implements Runnable {
  readonly loop: Loop;
  readonly #bindings: Bindings;
  readonly #name: string;
  /** In debug mode: the stack where the callback was made. */
  readonly #where: Error | undefined;
  #fn: (() => void) | undefined;

  /** @param name For reports: the name of the function that the user gave. */
  constructor(loop: Loop, fn: () => void, name: string = fn.name) {
    this.loop = loop;
    this.#name = name === "" ? "(anonymous)" : name;
    this.#bindings = currentVariables().bindings;
    this.#where = loop.debug ? captureStack() : undefined;
    this.#fn = fn;
  }

  get runsUserCode(): true {
    return true;
  }

  /** `run` itself calls the function. */
  get lag(): 0 {
    return 0;
  }

  get cancelled(): boolean {
    return this.#fn === undefined;
  }

  /** Forgets the function: it is not called any more. */
  cancel(): void {
    this.#fn = undefined;
  }

  run(): void {
    const fn = this.#fn;
    if (fn === undefined) return;
    const { loop } = this;
    const frame = rootFrame(loop, { bindings: this.#bindings });
    const { observer } = loop;
    const start = observer === undefined ? 0 : performance.now();
    loop.isInCallback = true;
    try {
      runInFrame(frame, fn);
    } catch (error) {
      const message = `Exception in callback ${this.#name}`;
      runInFrame(frame, () => loop.report({ message, error }));
    } finally {
      loop.isInCallback = false;
    }
    if (observer !== undefined) {
      const took = performance.now() - start;
      observer.called({ name: this.#name, frame: this.#where, start, took });
    }
  }
}
