import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Guard, ReadWriteLock } from "@asyncio/asyncio/sync";
import {
  createTask,
  getRunningLoop,
  run,
  sleep,
  type WaitOptions,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";

function outcomes(attempts: Attempt[]): string[] {
  return attempts.map((it) => it.outcome);
}

function release(attempt: Attempt): void {
  (attempt.value as Guard).release();
}

/** Attempts in this order: `"rwr"`. */
function begin(lock: ReadWriteLock, kinds: string): Attempt[] {
  return [...kinds].map((kind) =>
    new Attempt((options: WaitOptions) =>
      kind === "r" ? lock.read(options) : lock.write(options)
    )
  );
}

Deno.test("readers read beside each other, a writer writes alone", async () => {
  const lock = new ReadWriteLock();
  const attempts = begin(lock, "rrwr");
  await sleep(0);
  assertEquals(outcomes(attempts), ["value", "value", "pending", "pending"]);
  release(attempts[0]!);
  release(attempts[1]!);
  await sleep(0);
  assertEquals(outcomes(attempts), ["value", "value", "value", "pending"]);
  release(attempts[2]!);
  await attempts[3]!.task;
});

Deno.test("a writer that waits stops the readers that come after it", async () => {
  const lock = new ReadWriteLock();
  const attempts = begin(lock, "rwr");
  await sleep(0);
  assertEquals(outcomes(attempts), ["value", "pending", "pending"]);
  attempts[1]!.cancel();
  await attempts[2]!.task;
  release(attempts[0]!);
  release(attempts[2]!);
});

Deno.test("strictly in order of arrival, and readers side by side get in together", async () => {
  const lock = new ReadWriteLock();
  const first = await lock.write();
  const attempts = begin(lock, "rrwrrw");
  first.release();
  const seen: string[] = [];
  while (attempts.some((it) => it.outcome === "pending")) {
    await sleep(0);
    seen.push(outcomes(attempts).map((it) => it[0]).join(""));
    for (const it of attempts) if (it.value !== undefined) release(it);
  }
  assertEquals(seen, ["vvpppp", "vvvppp", "vvvvvp", "vvvvvv"]);
});

for (const giveUp of ["cancel", "abort"] as const) {
  Deno.test(`after the ${giveUp} of the writer at the head, the readers behind it get in beside those that read`, async () => {
    const lock = new ReadWriteLock();
    const attempts = begin(lock, "rwrrw");
    attempts[1]![giveUp]();
    assertEquals(
      Deno.inspect(lock),
      "ReadWriteLock { readers: 3, writing: false, waiting: 1 }",
    );
    await sleep(0);
    assertEquals(outcomes(attempts).slice(2), ["value", "value", "pending"]);
    attempts[4]!.cancel();
  });

  Deno.test(`a writer's ${giveUp} in the turn in which it was let in leaves the lock with it`, async () => {
    const lock = new ReadWriteLock();
    const reading = await lock.read();
    const [writer, reader] = begin(lock, "wr") as [Attempt, Attempt];
    reading.release();
    writer[giveUp]();
    await writer.task.catch(() => {});
    assertEquals([writer.outcome, reader.outcome], ["value", "pending"]);
    release(writer);
    await reader.task;
  });
}

Deno.test("downgrading goes on with reading, and lets no writer in between", async () => {
  const lock = new ReadWriteLock();
  const writing = await lock.write();
  const attempts = begin(lock, "rrwr");
  const reading = writing.downgrade();
  await sleep(0);
  assertEquals(outcomes(attempts), ["value", "value", "pending", "pending"]);
  writing.release(); // spent: it has no effect
  assertEquals(
    Deno.inspect(lock),
    "ReadWriteLock { readers: 3, writing: false, waiting: 2 }",
  );
  for (const it of attempts.slice(0, 2)) release(it);
  assertEquals(attempts[2]!.outcome, "pending");
  reading.release();
  await attempts[2]!.task;
  release(attempts[2]!);
  await attempts[3]!.task;
});

Deno.test("a spent write guard can't be downgraded", async () => {
  const lock = new ReadWriteLock();
  const released = await lock.write();
  released.release();
  assertThrows(() => released.downgrade(), Error, "released or downgraded");
  const downgraded = await lock.write();
  downgraded.downgrade();
  assertThrows(() => downgraded.downgrade(), Error, "released or downgraded");
  assertEquals(
    Deno.inspect(lock),
    "ReadWriteLock { readers: 1, writing: false, waiting: 0 }",
  );
});

Deno.test("a guard of a read-write lock releases once, at the end of its block or before", async () => {
  const lock = new ReadWriteLock();
  {
    using guard = await lock.write();
    guard.release();
    await lock.read();
    guard.release();
  }
  assertEquals(
    Deno.inspect(lock),
    "ReadWriteLock { readers: 1, writing: false, waiting: 0 }",
  );
});

Deno.test("in debug mode a read-write lock that a task leaves held is reported", async () => {
  const reports: string[] = [];
  await run(async () => {
    getRunningLoop().setExceptionHandler((_, { message }) => {
      reports.push(message);
    });
    const lock = new ReadWriteLock();
    const guard = await lock.write();
    const waits = createTask(() => lock.read(), { name: "waited" });
    await sleep(0);
    guard.downgrade(); // held by this task until the end
    await waits;
  }, { debug: true });
  const held = reports.filter((it) => it.includes("holds a ReadWriteLock"));
  assertEquals(held.length, 2, reports.join("\n"));
  assert(held[0]!.includes("waited"));
});
