/** @module */
import type { Exit } from "./_exit.ts";
import { pause } from "./_real_time.ts";
import type { Reach } from "./_reach.ts";

/**
 * How long a group that was killed may take to be gone, in milliseconds: only
 * the kernel can be late.
 */
const DYING = 1000;

/** The longest pause between two looks at a group. */
const LONGEST_PAUSE = 50;

/**
 * Ends a child and all whom its signals reach: SIGTERM; for those that are left
 * when `killAfter` milliseconds are over, SIGKILL. Settles when they have
 * ended. Runs in no task.
 */
export async function bringDown(
  reach: Reach,
  exit: Exit,
  killAfter: number,
): Promise<void> {
  try {
    reach.send("SIGTERM");
  } catch (error) {
    // A program may run as somebody else: it still has `killAfter` to end
    // because its pipes were closed.
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  if (await deadWithin(killAfter, reach, exit)) return;
  reach.send("SIGKILL");
  await exit.within(Infinity);
  await deadWithin(DYING, reach, exit);
}

async function deadWithin(
  ms: number,
  reach: Reach,
  exit: Exit,
): Promise<boolean> {
  const end = performance.now() + ms;
  if (!await exit.within(ms)) return false;
  // The system tells of the end of children, but not of that of their
  // descendants: look, less and less often.
  for (let wait = 1; !reach.dead; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
    const left = end - performance.now();
    if (left <= 0) return false;
    await pause(Math.min(wait, left));
  }
  return true;
}
