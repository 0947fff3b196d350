/** @module */
import { completionOf, Future } from "../future.ts";
import { listen, unlisten } from "../kernel/cancel/abort_listeners.ts";
import { currentScope } from "../kernel/context/current_scope.ts";
import type { CancelledError } from "../kernel/errors.ts";
import { onSignal } from "../signals.ts";
import type { Task } from "../task.ts";
import { interruptError } from "./_interrupt.ts";
import type { RunOptions } from "./run_options.ts";

/**
 * A run of the main task, as its caller waits for it: a cancel goes to the main
 * task.
 */
export class MainRun<T> extends Future<T> {
  readonly what = "run";
  readonly #main: Task<T>;
  #interrupted = false;
  #aborted: { reason: unknown } | undefined;
  readonly #stop: (() => void)[] = [];

  constructor(main: Task<T>, options: RunOptions, finish: () => Promise<void>) {
    super();
    this.#main = main;
    this.#listen(options);
    const outside = currentScope().scheduler;
    // On one clock the two are one world: it waits for neither.
    const external = outside.clock !== completionOf(main).scheduler.clock;
    if (external) outside.external++;
    completionOf(main).listen({
      awaiter: this,
      settled: (end) => {
        void end.error; // retrieved: it is going to be the run's own
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
    this.#main.cancel(message); // where that has ended, the clean-up is waited for
    return true;
  }

  #listen({ signal, handleInterrupt = true }: RunOptions): void {
    if (handleInterrupt) {
      const stop = onSignal("SIGINT", () => {
        stop(); // the second one gets the runtime's default
        this.#interrupted = this.#main.cancel("interrupted by Ctrl-C");
      });
      this.#stop.push(stop);
    }
    if (signal !== undefined) {
      const target = {
        abort: (reason: unknown) => {
          if (this.#main.cancel("the signal was aborted")) {
            this.#aborted = { reason };
          }
        },
      };
      listen(signal, target);
      this.#stop.push(() => unlisten(signal, target));
    }
  }

  /**
   * Ends as the main task did; unless it was Ctrl-C or the signal, and nothing
   * else, that cancelled it.
   */
  #end(): void {
    for (const stop of this.#stop) stop();
    const { state, value, error } = completionOf(this.#main);
    const completion = completionOf<T>(this);
    const asked = Number(this.#interrupted) +
      Number(this.#aborted !== undefined);
    if (state === "done") completion.succeed(value);
    else if (state === "failed") completion.fail(error);
    else if (asked === 0 || this.#main.cancelling > asked) {
      completion.cancel(error as CancelledError);
    } else if (this.#interrupted) completion.fail(interruptError(error));
    else completion.fail(this.#aborted!.reason);
  }
}
