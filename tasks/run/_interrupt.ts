/**
 * The signals that end a run, and the exit code of the program then.
 *
 * @module
 */
import { InterruptError } from "../kernel/errors.ts";
import { describe } from "../kernel/types.ts";
import { hasOwnHandler, onSignal } from "../signals.ts";
import type { RunOptions } from "./run_options.ts";

/** With these a user, a service manager or a terminal ends a program. */
const DEFAULT_SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The numbers of signals. A shell expects 128 more as the exit code. */
const NUMBERS: Partial<Record<Deno.Signal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGALRM: 14,
  SIGTERM: 15,
};

/**
 * Calls `interrupt` with the first signal of each name that is to end the run.
 * The second one has the runtime's default effect. A signal that the program
 * handles itself is left to its handler. The returned function ends this.
 */
export function onInterrupt(
  { handleSignals, handleInterrupt = true }: RunOptions,
  interrupt: (signal: Deno.Signal) => void,
): () => void {
  if (!handleInterrupt) return () => {};
  const stops: (() => void)[] = [];
  const stopAll = () => stops.forEach((stop) => stop());
  const listen = (signal: Deno.Signal) => {
    const stop = onSignal(signal, () => {
      if (hasOwnHandler(signal)) return;
      stop();
      interrupt(signal);
    });
    stops.push(stop);
  };
  try {
    if (handleSignals === undefined) listenToDefaults(listen);
    else new Set(handleSignals).forEach(listen);
  } catch (error) {
    stopAll();
    throw error;
  }
  return stopAll;
}

/** Windows has only some of these signals. */
function listenToDefaults(listen: (signal: Deno.Signal) => void): void {
  for (const signal of DEFAULT_SIGNALS) {
    try {
      listen(signal);
    } catch (error) {
      if (signal === "SIGINT") throw error;
    }
  }
}

/** @throws {TypeError} `signals` is no list of names. */
export function checkSignals(signals: unknown): void {
  if (signals === undefined) return;
  if (
    Array.isArray(signals) && signals.every((name) => typeof name === "string")
  ) return;
  throw new TypeError(
    `Cannot run: handleSignals is a list of signals, received ${
      describe(signals)
    }`,
  );
}

let exitsWithCode = false;

/**
 * Returns the error of a run that a signal has ended. A program that does not
 * catch it exits with the code that a shell expects.
 */
export function interruptError(
  signal: Deno.Signal,
  cause: unknown,
): InterruptError {
  if (!exitsWithCode) {
    exitsWithCode = true;
    if ("Deno" in globalThis) exitQuietly();
    else setExitCode();
  }
  return new InterruptError(`interrupted by ${signal}`, { cause, signal });
}

function exitCode({ signal }: InterruptError): number {
  return 128 + (NUMBERS[signal] ?? 0);
}

function exitQuietly(): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    if (!(event.reason instanceof InterruptError)) return;
    event.preventDefault();
    Deno.exit(exitCode(event.reason));
  });
}

/**
 * In Node, a listener of unhandled errors would keep all of them from ending
 * it.
 */
function setExitCode(): void {
  globalThis.process.on("uncaughtExceptionMonitor", (error) => {
    if (!(error instanceof InterruptError)) return;
    // At the exit, as Node sets the code itself before.
    globalThis.process.once(
      "exit",
      () => void (globalThis.process.exitCode = exitCode(error)),
    );
  });
}
