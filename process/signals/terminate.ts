/** @module */
import type { ExitWatcher } from "./exit_watcher.ts";
import { pause } from "./real_time.ts";
import type { SignalTarget } from "./signal_target.ts";

/**
 * How long a group that was killed may take to be gone, in milliseconds: only
 * the kernel can be late.
 */
const KILL_TIMEOUT_MS = 1000;

/** The longest pause between two looks at a group. */
const MAX_POLL_INTERVAL_MS = 50;

/** How it is done. */
export interface TerminateOptions {
  /** Asks the program to end. */
  readonly killSignal: Deno.Signal;
  /** Milliseconds after which SIGKILL follows. */
  readonly killAfter: number;
}

/**
 * Ends a child and all processes that its signals reach. Resolves when they have
 * ended. Runs in no task.
 */
export async function terminate(
  target: SignalTarget,
  exit: ExitWatcher,
  { killSignal, killAfter }: TerminateOptions,
): Promise<void> {
  try {
    target.send(killSignal);
  } catch (error) {
    // The program may run as another user: it still has `killAfter` to end
    // because its pipes were closed.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  if (await deadWithin(killAfter, target, exit)) return;
  target.send("SIGKILL");
  await exit.within(Infinity);
  await deadWithin(KILL_TIMEOUT_MS, target, exit);
}

async function deadWithin(
  ms: number,
  target: SignalTarget,
  exit: ExitWatcher,
): Promise<boolean> {
  const end = performance.now() + ms;
  if (!await exit.within(ms)) return false;
  // The system reports the end of children, but not of their descendants: look,
  // less and less often.
  for (
    let wait = 1;
    !target.dead;
    wait = Math.min(2 * wait, MAX_POLL_INTERVAL_MS)
  ) {
    const left = end - performance.now();
    if (left <= 0) return false;
    await pause(Math.min(wait, left));
  }
  return true;
}
