/** Scenarios that are cancelled everywhere. @module */
import { assert } from "@std/assert";
import { run } from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";

/**
 * Cancels `scenario` everywhere, each time on a subject of its own, and checks
 * that after it.
 */
export function testEverywhere<S>(
  name: string,
  { subject, scenario, check }: {
    subject: () => S;
    scenario: (subject: S) => Promise<void>;
    check: (subject: S) => void;
  },
): void {
  Deno.test(`cancelled everywhere: ${name}`, async () => {
    let current: S;
    const { points } = await cancelEverywhere(
      () => scenario(current = subject()),
      () => check(current),
    );
    assert(points > 0);
    // What holds after a cancel holds without one, too.
    await run(() => scenario(current = subject()));
    check(current!);
  });
}
