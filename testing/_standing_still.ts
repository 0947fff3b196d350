/** The report of what a virtual clock stands still for. @module */
import { quoted } from "../tasks/kernel/watch/safe_text.ts";
import type { CancelScope } from "../tasks/kernel/cancel/cancel_scope.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";

/** Returns for what a virtual clock stands still, in words. */
export function standing(loop: Loop): string {
  const reasons = [...loop.tasks].flatMap(reasonsOf).join("; ");
  return `The virtual clock stands still, as the world outside is waited for: ${
    reasons === "" ? "by code that runs in no task" : reasons
  }`;
}

function reasonsOf({ task, waits }: CancelScope): string[] {
  const name = quoted((task as { name?: string } | undefined)?.name);
  if (waits.length === 0) {
    return [`task ${name} awaits something that is not from this package`];
  }
  return waits.filter(({ isExternal }) => isExternal)
    .map(({ what }) => `task ${name} waits for ${what}`);
}
