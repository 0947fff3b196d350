/** The report of what a virtual clock stands still for. @module */
import { quoted } from "../tasks/kernel/watch/safe_text.ts";
import type { CancelScope } from "../tasks/kernel/cancel/cancel_scope.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";

/** Reports that time stands still, and what is waited for. */
export function reportStanding(loop: Loop): void {
  const reasons = [...loop.tasks].flatMap(reasonsOf).join("; ");
  loop.report({
    message:
      `The virtual clock stands still, as the world outside is waited for: ${
        reasons === "" ? "by code that runs in no task" : reasons
      }. VirtualClock's option outsideGrace lets it go on`,
  });
}

function reasonsOf({ task, waits }: CancelScope): string[] {
  const name = quoted((task as { name?: string } | undefined)?.name);
  if (waits.length === 0) {
    return [`task ${name} awaits something that is not from this package`];
  }
  return waits.filter(({ isExternal }) => isExternal)
    .map(({ what }) => `task ${name} waits for ${what}`);
}
