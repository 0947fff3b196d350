/** @module */
import { completionOf, Future } from "../future.ts";
import { listen, unlisten } from "../kernel/cancel/abort_listeners.ts";
import { currentScope } from "../kernel/context/current_scope.ts";
import type { CancelledError } from "../kernel/errors.ts";
import type { Task } from "../task.ts";
import { interruptError, onInterrupt } from "./_interrupt.ts";
import type { RunOptions } from "./run_options.ts";

/** The future of a run: its cancel cancels the main task. */
export class MainRun<T> extends Future<T> {
  readonly what = "run";
  readonly #main: Task<T>;
  /** The first signal that has cancelled the main task. */
  #interrupt: Deno.Signal | undefined;
  #interrupts = 0;
  /** The first signal that arrived after the main task had ended. */
  #lateInterrupt: Deno.Signal | undefined;
  #aborted: { reason: unknown } | undefined;
  readonly #stop: (() => void)[] = [];

  /** @param start Makes the main task, once the signals are listened to. */
  constructor(
    start: () => Task<T>,
    options: RunOptions,
    finish: () => Promise<void>,
  ) {
    super();
    this.#endOnSignals(options);
    const main = this.#main = this.#started(start);
    this.#endOnAbort(options.signal);
    const outside = currentScope().loop;
    // A clock that both loops share need not stand still for the run.
    const external = outside.clock !== completionOf(main).loop.clock;
    if (external) outside.external++;
    completionOf(main).listen({
      awaiter: this,
      settled: (end) => {
        void end.error; // retrieved: this run rejects with it
        finish().then(() => {
          if (external) outside.external--;
          this.#end();
          if (outside.onWait !== undefined) outside.onWait();
        });
      },
    });
  }

  override cancel(message?: string): boolean {
    if (this.done) return false;
    this.#main.cancel(message); // no effect during the clean-up
    return true;
  }

  #started(start: () => Task<T>): Task<T> {
    try {
      return start();
    } catch (error) {
      this.#stopListening();
      throw error;
    }
  }

  #stopListening(): void {
    for (const stop of this.#stop) stop();
  }

  #endOnSignals(options: RunOptions): void {
    this.#stop.push(onInterrupt(options, (signal) => {
      if (this.#main.cancel(`interrupted by ${signal}`)) {
        this.#interrupt ??= signal;
        this.#interrupts++;
      } else this.#lateInterrupt ??= signal;
    }));
  }

  #endOnAbort(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = (reason: unknown) => {
      if (this.#main.cancel("the signal was aborted")) {
        this.#aborted = { reason };
      }
    };
    if (signal.aborted) return abort(signal.reason); // by an eager first step
    const target = { abort };
    listen(signal, target);
    this.#stop.push(() => unlisten(signal, target));
  }

  /**
   * Settles as the main task has ended. It rejects with the `InterruptError` or
   * the reason of the abort if only signals or the abort cancelled the main
   * task, or if a signal has arrived during the clean-up.
   */
  #end(): void {
    this.#stopListening();
    const { state, value, error } = completionOf(this.#main);
    const completion = completionOf<T>(this);
    const asked = this.#interrupts + Number(this.#aborted !== undefined);
    const late = this.#lateInterrupt;
    if (state === "failed") completion.fail(error);
    else if (late !== undefined) {
      const cause = state === "cancelled" ? error : undefined;
      completion.fail(interruptError(late, cause));
    } else if (state === "done") completion.succeed(value);
    else if (asked === 0 || this.#main.cancelling > asked) {
      completion.cancel(error as CancelledError);
    } else if (this.#interrupt !== undefined) {
      completion.fail(interruptError(this.#interrupt, error));
    } else completion.fail(this.#aborted!.reason);
  }
}
