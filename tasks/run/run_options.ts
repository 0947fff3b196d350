/** @module */
import type { Clock } from "../kernel/loop/clock.ts";

/** Options of {@linkcode run}. */
export interface RunOptions {
  /**
   * Aborting it cancels the main task; `run` then rejects with `signal.reason`.
   */
  signal?: AbortSignal | undefined;
  /**
   * The signals that end the run; SIGINT (Ctrl-C), SIGTERM and SIGHUP unless
   * given. The first one of each name cancels the main task. If that ends the
   * main task, or if the signal arrives during the clean-up, `run` rejects with
   * {@linkcode InterruptError} when the clean-up is over. The second one of the
   * same name has the runtime's default effect.
   *
   * While the program has a handler of its own, in any run
   * (`EventLoop.addSignalHandler`, {@linkcode signals}), the signal ends no
   * run.
   */
  handleSignals?: readonly Deno.Signal[] | undefined;
  /** Whether signals end the run; true unless given. */
  handleInterrupt?: boolean | undefined;
  /**
   * After how many milliseconds of real time a cancel that has no effect is
   * reported, once for each task: the code awaits something that is not from
   * this package, or has caught the cancel and goes on. 1000 unless given;
   * `Infinity` for never.
   */
  cancelReportAfter?: number | undefined;
  /**
   * Debug mode: see {@linkcode EventLoop.debug}. Unless given, it is on if the
   * environment variable `ASYNCIO_DEBUG` is `"1"`.
   */
  debug?: boolean | undefined;
  /**
   * Whether the program `@asyncio/asyncio/monitor` can look into the run and
   * cancel its tasks, over a Unix socket that only the user can open. Unless
   * given, it can if the environment variable `ASYNCIO_MONITOR` is `"1"`.
   *
   * The monitor starts beside `main`. If it cannot, as on Windows or without a
   * permission, that is reported to the exception handler, and the run goes on.
   * It never prompts for a permission. Only in Deno: elsewhere `run` rejects
   * with a `TypeError`.
   */
  monitor?: boolean | undefined;
  /** Where the loop takes its time from; the real clock unless given. */
  clock?: Clock | undefined;
  /**
   * Whenever this signal arrives, the tree of all tasks is printed on stderr,
   * with what each waits for and for how long: see {@linkcode formatCallGraph}.
   * On SIGUSR1 Deno and Node open their inspector as well; SIGUSR2 is free.
   */
  dumpOnSignal?: Deno.Signal | undefined;
  /**
   * A file for a timeline in the Chrome trace event format, which Perfetto and
   * the browsers open. It is written while the run goes on.
   *
   * Each task has a lane that shows when it ran and what it waited for, with
   * arrows from the tasks that woke it. The times are those of the loop's
   * clock.
   */
  trace?: string | URL | undefined;
}
