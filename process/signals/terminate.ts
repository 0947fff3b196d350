/** Ending a child and its group. @module */
import type { ExitWatcher } from "./exit_watcher.ts";
import { pause } from "./real_time.ts";
import type { SignalTarget } from "./signal_target.ts";

/**
 * How long a group may take to be gone after SIGKILL, in milliseconds.
 */
const KILL_TIMEOUT_MS = 1000;

/** The longest pause between two looks at a group. */
const MAX_POLL_INTERVAL_MS = 50;

/**
 * How long the last output of a program is waited for, in milliseconds, as a
 * process that has left the group may hold the pipes open.
 */
const LAST_OUTPUT_TIMEOUT_MS = 100;

/** How a program is ended. */
export interface TerminateOptions {
  /** The first signal. */
  readonly killSignal: Deno.Signal;
  /** Milliseconds after which SIGKILL follows. */
  readonly killAfter: number;
  /**
   * Called if this program may not signal it, as it runs as another user. It has
   * `killAfter` to end by itself.
   */
  denied(): void;
}

/**
 * Ends a child and its group. Resolves when all processes have ended. Runs in no
 * task.
 */
export async function terminate(
  target: SignalTarget,
  exit: ExitWatcher,
  { killSignal, killAfter, denied }: TerminateOptions,
): Promise<void> {
  try {
    target.send(killSignal);
    // A stopped program gets it only when it goes on: systemd does the same.
    if (Deno.build.os !== "windows") target.send("SIGCONT");
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    denied();
  }
  if (!await deadWithin(killAfter, target, exit)) {
    target.send("SIGKILL");
    await exit.within(Infinity);
    await deadWithin(KILL_TIMEOUT_MS, target, exit);
  }
}

/** Waits for the last output of a child that has ended. */
export async function lastOutput(exit: ExitWatcher): Promise<void> {
  await holdsWithin(LAST_OUTPUT_TIMEOUT_MS, () => exit.isSettled);
}

async function deadWithin(
  ms: number,
  target: SignalTarget,
  exit: ExitWatcher,
): Promise<boolean> {
  const end = performance.now() + ms;
  if (!await exit.within(ms)) return false;
  // The system reports the end of children, but not of their descendants.
  return await holdsWithin(end - performance.now(), () => target.dead);
}

/** Polls a condition, less and less often. */
async function holdsWithin(
  ms: number,
  condition: () => boolean,
): Promise<boolean> {
  const end = performance.now() + ms;
  for (
    let wait = 1;
    !condition();
    wait = Math.min(2 * wait, MAX_POLL_INTERVAL_MS)
  ) {
    const left = end - performance.now();
    if (left <= 0) return false;
    await pause(Math.min(wait, left));
  }
  return true;
}
