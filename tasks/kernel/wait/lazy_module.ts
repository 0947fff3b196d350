/** @module */
import { rootFrame } from "../cancel/cancel_scope.ts";
import {
  currentScope,
  outsideLoop,
  runInFrame,
} from "../context/current_scope.ts";
import { allowLeft } from "../context/leak_checks.ts";
import { CancelledError } from "../errors.ts";
import type { WaitOptions } from "../types.ts";
import { noVariables } from "../cancel/context_frame.ts";
import { composite } from "./handed_wait.ts";
import { ExternalWaiter } from "./waiter.ts";

/** How a call waits for its module. */
export interface LoadOptions extends WaitOptions {
  /** What the call is to do, for errors: `Cannot start "ls"`. */
  readonly failure?: string;
}

/**
 * A module that is loaded by the first call that needs it. A program without
 * such a call starts without the module.
 *
 * {@linkcode use} is no cancellation point of its own, so cancels are delivered
 * at the same points in the first call as in later ones.
 */
export class LazyModule<M> {
  readonly #import: () => Promise<M>;
  #module: M | undefined;
  #loading: Promise<M> | undefined;

  /** @param load Imports the module: `() => import("./sockets.ts")`. */
  constructor(load: () => Promise<M>) {
    this.#import = load;
  }

  /**
   * Calls `body` with the module: at once if it has been loaded. A call that is
   * cancelled or aborted before rejects at once, and `body` is not called.
   *
   * @throws {Error} No file can be opened to load it; the next call tries again.
   */
  use<T>(
    body: (module: M) => Promise<T>,
    options?: LoadOptions,
  ): Promise<T> {
    if (this.#module !== undefined) return body(this.#module);
    return composite(async () => body(await this.#load(options)));
  }

  #load(options: LoadOptions | undefined): Promise<M> {
    if (this.#loading === undefined) checkDescriptors(options?.failure);
    const waiter = new Loading<M>(validSignal(options));
    this.#loading ??= this.#start();
    this.#loading.then(
      (module) => waiter.wake(module),
      (error) => waiter.fail(error),
    );
    return waiter.promise;
  }

  async #start(): Promise<M> {
    try {
      return this.#module = await importOutside(this.#import);
    } finally {
      this.#loading = undefined; // the next call tries again if it has failed
    }
  }
}

/**
 * Imports a module in no task and no run: what it makes for itself belongs to
 * none. The runtime also calls what comes next, such as the next test, in the
 * context of the import, which must not be that of a run that has ended.
 *
 * @throws {Error} No file can be opened to load it.
 */
export async function importOutside<M>(load: () => Promise<M>): Promise<M> {
  checkDescriptors();
  return await runInFrame(rootFrame(outsideLoop, noVariables()), load);
}

/** A call that waits for its module; the end of its run gives it up. */
class Loading<M> extends ExternalWaiter<M> implements AsyncDisposable {
  readonly what = "import";
  readonly #resources = currentScope().loop.resources;

  constructor(options: WaitOptions) {
    super(options);
    allowLeft(this);
    this.#resources.add(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.abandon(new CancelledError("the run has ended"));
    return Promise.resolve();
  }

  protected override leave(): void {
    super.leave();
    this.#resources.delete(this);
  }
}

/**
 * Throws if no file can be opened: the runtime ends the program if it is to load
 * a file then.
 */
function checkDescriptors(
  failure = "Cannot load a part of this package",
): void {
  // The runtime reads this number from a file; it is 0 if it cannot.
  const isShort = "Deno" in globalThis && Deno.build.os === "linux" &&
    Deno.memoryUsage().rss === 0;
  if (!isShort) return;
  const error = new Error(`${failure}: Too many open files (os error 24)`);
  throw Object.assign(error, { code: "EMFILE" });
}

/** Returns the signal, if it is valid: `body` checks the options. */
function validSignal(options: WaitOptions | undefined): WaitOptions {
  const signal = options?.signal;
  return signal instanceof AbortSignal ? { signal } : {};
}
