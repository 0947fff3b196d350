/** @module */
import type { Clock } from "../kernel/loop/clock.ts";

/** How to {@linkcode run}. */
export interface RunOptions {
  /**
   * Aborting it cancels the main task; `run` then rejects with `signal.reason`.
   */
  signal?: AbortSignal | undefined;
  /**
   * The signals that end the run: the first one of each name cancels the main
   * task, and `run` rejects with {@linkcode InterruptError} once the clean-up is
   * over, if that is what ended it, or if it arrives during the clean-up. The
   * second one of the same name gets the runtime's default. Unless given, SIGINT
   * (Ctrl-C), SIGTERM and SIGHUP.
   *
   * A handler of the program's own (`EventLoop.addSignalHandler`,
   * {@linkcode signals}), in whatever run, takes over until it is removed.
   */
  handleSignals?: readonly Deno.Signal[] | undefined;
  /** False: no signal ends the run. True unless given. */
  handleInterrupt?: boolean | undefined;
  /**
   * After how many milliseconds of real time a cancel that has no effect is
   * reported, once for each task: the code awaits something that is not from
   * this package, or has caught the cancel and goes on. 1000 unless given;
   * `Infinity`: never.
   */
  cancelReportAfter?: number | undefined;
  /**
   * Debug mode: see {@linkcode EventLoop.debug}. Unless given, whether the
   * environment variable `ASYNCIO_DEBUG` is `"1"`.
   */
  debug?: boolean | undefined;
  /**
   * Lets the program `@asyncio/asyncio/monitor` look into the run while it runs,
   * and cancel its tasks, over a Unix socket that only the user can open. Unless
   * given, whether the environment variable `ASYNCIO_MONITOR` is `"1"`.
   *
   * It starts beside `main`. If it cannot, as on Windows or without a permission
   * that it needs, that is reported to the exception handler, and the run goes on;
   * it never asks for a permission. Deno only: elsewhere a `TypeError`.
   */
  monitor?: boolean | undefined;
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
   * Perfetto and the browsers open.
   *
   * It has a lane for each task, that shows when it ran and what it waited for,
   * and arrows for what one task did for another. The times are the loop's. It is written as the run goes on; other runs cost
   * nothing.
   */
  trace?: string | URL | undefined;
}
