/** @module */
import process from "node:process";
import { listen, unlisten } from "./_abort.ts";
import { type Clock, realClock } from "./clock.ts";
import { type CancelledError, InvalidStateError } from "./errors.ts";
import { EventLoop } from "./event_loop.ts";
import { completionOf, Future } from "./future.ts";
import { printable } from "./inspect.ts";
import { interruptError } from "./_interrupt.ts";
import { contextOf } from "./context.ts";
import { schedulerOf } from "./_loop_binding.ts";
import type { Scheduler } from "./scheduler.ts";
import { currentScope, runInScope } from "./current_scope.ts";
import { Scope } from "./scope.ts";
import { shutDown } from "./_shutdown.ts";
import { dumpOnSignal as dump } from "./_dump_on_signal.ts";
import { record } from "./_trace.ts";
import { onSignal } from "./_signal_source.ts";
import { spawn, type Task } from "./task.ts";
import { checkCoroutine, type Coroutine, describe } from "./types.ts";
import { refused } from "./waiter.ts";

/** How to {@linkcode run}. */
export interface RunOptions {
  /**
   * Aborting it cancels the main task; `run` then rejects with `signal.reason`.
   */
  signal?: AbortSignal | undefined;
  /**
   * Whether the first Ctrl-C (SIGINT) cancels the main task: `run` then rejects
   * with {@linkcode InterruptError} once the clean-up is over, if that is what
   * ended it. The second one gets the runtime's default. True unless given.
   */
  handleInterrupt?: boolean | undefined;
  /**
   * Debug mode: see {@linkcode EventLoop.debug}. Unless given, whether the
   * environment variable `ASYNCIO_DEBUG` is `"1"`.
   */
  debug?: boolean | undefined;
  /** Where the loop takes its time from; the real clock unless given. */
  clock?: Clock | undefined;
  /**
   * Prints the tree of all tasks, on stderr, whenever this signal arrives, with
   * what each waits for and for how long: see {@linkcode formatCallGraph}. On
   * SIGUSR1 Deno and Node open their inspector as well, SIGUSR2 is free.
   */
  dumpOnSignal?: Deno.Signal | undefined;
  /**
   * A file to write a timeline to, in the Chrome trace event format, which
   * Perfetto and the browsers open: a lane for each task, that shows when it
   * ran and what it waited for, and arrows for what one task did for another.
   * The times are the loop's. It is written as the run goes on; other runs cost
   * nothing.
   */
  trace?: string | URL | undefined;
}

/**
 * A run of the main task, as its caller waits for it: a cancel goes to the main
 * task.
 */
class MainRun<T> extends Future<T> {
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
    return !this.done && this.#main.cancel(message);
  }

  #listen({ signal, handleInterrupt = true }: RunOptions): void {
    if (handleInterrupt) {
      const stop = onSignal("SIGINT", () => {
        stop(); // the second one gets the runtime's default
        this.#interrupted = true;
        this.#main.cancel("interrupted by Ctrl-C");
      });
      this.#stop.push(stop);
    }
    if (signal !== undefined) {
      const target = {
        abort: (reason: unknown) => {
          this.#aborted = { reason };
          this.#main.cancel("the signal was aborted");
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

let runAndClose!: <T>(runner: Runner, main: Coroutine<T>) => Promise<T>;

/**
 * Several runs that share one loop and its context variables. Mirrors
 * `asyncio.Runner`.
 *
 * **Cancel safety:** as {@linkcode run}.
 *
 * @example
 * ```ts
 * import { Runner } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * await using runner = new Runner();
 * assertEquals(await runner.run(() => 1), 1);
 * assertEquals(await runner.run(() => 2), 2);
 * ```
 */
export class Runner implements AsyncDisposable {
  /** The loop that the runs share. */
  readonly loop: EventLoop;
  readonly #options: RunOptions;
  /** Where what belongs to no task runs. */
  readonly #scope: Scope;
  #state: "idle" | "running" | "closed" = "idle";
  #closing: Promise<void> | undefined;
  /** Ends what looks on. */
  readonly #stop: (() => void)[] = [];

  /** Makes a runner; nothing runs yet. */
  constructor(options: RunOptions = {}) {
    const { clock = realClock, debug = debugByDefault(), signal } = options;
    if (signal !== undefined && typeof signal.aborted !== "boolean") {
      throw new TypeError(
        `expected an AbortSignal, found ${describe(signal)}`,
      );
    }
    this.#options = options;
    this.loop = new EventLoop({ clock });
    this.loop.debug = debug;
    const { bindings } = currentScope().variables;
    const scheduler = schedulerOf(this.loop);
    this.#scope = new Scope(scheduler, undefined, { bindings });
    try {
      this.#lookOn(scheduler, options);
    } catch (error) {
      this.#stopLooking();
      throw error;
    }
  }

  #lookOn(scheduler: Scheduler, { dumpOnSignal, trace }: RunOptions): void {
    if (trace !== undefined) this.#stop.push(record(scheduler, trace));
    if (dumpOnSignal !== undefined) {
      this.#stop.push(dump(scheduler, dumpOnSignal));
    }
  }

  #stopLooking(): void {
    for (const stop of this.#stop) stop();
  }

  /**
   * Runs `main` as a task, and settles as that does. What it leaves running
   * goes on with the next run, or ends with {@linkcode close}.
   *
   * @throws {TypeError} `main` is no function.
   * @throws {InvalidStateError} It runs already, or is closed.
   * @throws {InterruptError} Ctrl-C ended it.
   */
  run<T>(main: Coroutine<T>): Promise<T> {
    return this.#run(main, () => {
      this.#state = "idle";
      return Promise.resolve();
    });
  }

  /**
   * Cancels what is left, waits for it, and ends servers, children and threads.
   * Harmless when it is closed.
   *
   * @throws {InvalidStateError} It is running.
   */
  close(): Promise<void> {
    if (this.#state === "running") {
      return Promise.reject(wrongState(this.#state));
    }
    return this.#close();
  }

  /** As {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<T>(main: Coroutine<T>, finish: () => Promise<void>): Promise<T> {
    try {
      checkCoroutine(main, "run");
      if (this.#state !== "idle") throw wrongState(this.#state);
    } catch (error) {
      return Promise.reject(error);
    }
    const refusal = refused(this.#options);
    if (refusal !== undefined) return refusal;
    this.#state = "running";
    const { scheduler, variables } = this.#scope;
    const task = spawn(main, scheduler, { context: contextOf(variables) });
    return new MainRun(task, this.#options, finish).then((value) => value);
  }

  #close(): Promise<void> {
    this.#state = "closed";
    this.#closing ??= runInScope(this.#scope, () => this.#shutDown());
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    await shutDown(this.#scope.scheduler);
    this.#stopLooking();
  }

  static {
    runAndClose = (runner, main) => runner.#run(main, () => runner.#close());
    printable(Runner, (runner) => ({
      state: runner.#state,
      loop: runner.loop,
    }));
  }
}

/**
 * Runs `main` as the root task of a loop of its own. Mirrors `asyncio.run`.
 *
 * When `main` has ended, what it left running is cancelled and waited for, its
 * servers, children and threads are ended, and `run` settles as `main` did. A
 * leftover that is cancelled says nothing; one that fails is reported.
 *
 * Runs may go side by side. One inside a task is a wait of that task.
 *
 * **Cancel safety:** cancelling the caller cancels `main`; the error comes when
 * the clean-up is over.
 *
 * @throws {TypeError} `main` is no function: `run(() => main(x))`, not
 * `run(main(x))`.
 * @throws {InterruptError} Ctrl-C ended it; where that passes, the program
 * exits with code 130.
 *
 * @example
 * ```ts
 * import { gather, run, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * async function fetchPage(name: string): Promise<string> {
 *   await sleep(5);
 *   return name.toUpperCase();
 * }
 *
 * const pages = await run(() =>
 *   gather([() => fetchPage("a"), () => fetchPage("b")])
 * );
 * assertEquals(pages, ["A", "B"]);
 * ```
 */
export function run<T>(main: Coroutine<T>, options?: RunOptions): Promise<T> {
  try {
    return runAndClose(new Runner(options), main);
  } catch (error) {
    return Promise.reject(error);
  }
}

function wrongState(state: string): InvalidStateError {
  return new InvalidStateError(`the runner is ${state}`);
}

/** What the environment says, where it may be read without asking. */
function debugByDefault(): boolean {
  const variable = "ASYNCIO_DEBUG";
  if ("Deno" in globalThis) {
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    return state === "granted" && Deno.env.get(variable) === "1";
  }
  return process.env[variable] === "1";
}
