import {
  assertEquals,
  assertFalse,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Lock } from "@asyncio/asyncio/sync";
import { createTask, Future, gather, run, sleep } from "@asyncio/asyncio/tasks";
import { DeadlockError, VirtualClock } from "@asyncio/asyncio/testing";

Deno.test("a deadlock ends the run with an error that names which task waits for what and, in debug mode, where", async () => {
  const [a, b] = [new Lock(), new Lock()];
  const cleaned: string[] = [];
  const both = async (first: Lock, second: Lock, name: string) => {
    using _ = await first.acquire();
    await sleep(1);
    try {
      using _ = await second.acquire();
    } finally {
      cleaned.push(name);
    }
  };
  const error = await assertRejects(() =>
    run(() =>
      gather([
        createTask(() => both(a, b, "one"), { name: "one" }),
        createTask(() => both(b, a, "two"), { name: "two" }),
      ]), { clock: new VirtualClock(), debug: true }), DeadlockError);
  for (const name of ["one", "two"]) {
    const line = `task "${name}" waits for Lock.acquire (at both (file:`;
    assertStringIncludes(error.message, line);
  }
  assertEquals(error.blocked.length, 3);
  assertEquals(cleaned.sort(), ["one", "two"]);
  assertFalse(a.locked || b.locked);
});

Deno.test("a foreign callback that wakes a task in time is no deadlock", async () => {
  const value = await run(() => {
    const future = new Future<string>();
    setTimeout(() => future.setResult("foreign"), 20);
    return future;
  }, { clock: new VirtualClock() });
  assertEquals(value, "foreign");
});

Deno.test("a task that waits forever on purpose is no deadlock", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 20);
  await assertRejects(
    () =>
      run(() => gather([() => sleep(Infinity), new Future()]), {
        clock,
        signal: stop.signal,
      }),
    Error,
    "enough",
  );
});
