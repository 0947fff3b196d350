import { assert } from "@std/assert";

/** How long a condition may take to come true, however slow the machine. */
const PATIENCE_MS = 20_000;

/** Lets the runtime's own loop turn until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    assert(performance.now() < end, `this never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve));
  }
}
