import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Barrier, BrokenBarrierError } from "@asyncio/asyncio/sync";
import {
  CancelledError,
  createTask,
  currentTask,
  gather,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";

const arrive = (barrier: Barrier) =>
  new Attempt((options) => barrier.wait(options));

Deno.test("fewer than one party, or no integer, is a RangeError", () => {
  for (const parties of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new Barrier(parties), RangeError, "parties");
  }
});

Deno.test("no task goes on before all are here", async () => {
  const barrier = new Barrier(3);
  const first = arrive(barrier);
  const second = arrive(barrier);
  await sleep(0);
  assertEquals([first.outcome, second.outcome], ["pending", "pending"]);
  assertEquals(barrier.waiting, 2);
  assertEquals(await barrier.wait(), 2);
  await gather([first.task, second.task]);
  assertEquals([first.value, second.value], [0, 1]);
  assertEquals(barrier.waiting, 0);
});

Deno.test("one party alone never waits", async () => {
  const barrier = new Barrier(1);
  assertEquals([await barrier.wait(), await barrier.wait()], [0, 0]);
});

Deno.test("a barrier is good for round after round", async () => {
  const barrier = new Barrier(3);
  const rounds: number[][] = [[], [], []];
  await gather([0, 1, 2].map(() => async () => {
    for (const round of rounds) round.push(await barrier.wait());
  }));
  for (const round of rounds) assertEquals(round.sort(), [0, 1, 2]);
});

Deno.test("more tasks than parties go through in rounds", async () => {
  const barrier = new Barrier(2);
  const attempts = Array.from({ length: 6 }, () => arrive(barrier));
  await gather(attempts.map((it) => it.task));
  assertEquals(attempts.map((it) => it.value), [0, 1, 0, 1, 0, 1]);
});

Deno.test("every party has its own number, also after one gave up", async () => {
  const barrier = new Barrier(3);
  const quitter = arrive(barrier);
  const parties = [arrive(barrier)];
  quitter.cancel();
  parties.push(arrive(barrier), arrive(barrier));
  await gather(parties.map((it) => it.task));
  assertEquals(parties.map((it) => it.value), [0, 1, 2]);
});

Deno.test("one that gives up does not break the barrier", async () => {
  const barrier = new Barrier(2);
  const quitter = arrive(barrier);
  quitter.abort();
  assertEquals([barrier.waiting, barrier.broken], [0, false]);
  const party = arrive(barrier);
  assertEquals(await barrier.wait(), 1);
  await party.task;
});

Deno.test("a cancel after the release leaves the party its number", async () => {
  const barrier = new Barrier(2);
  const party = arrive(barrier);
  const last = barrier.wait();
  party.cancel();
  await last;
  await party.task.catch(() => {});
  assertEquals([party.outcome, party.value], ["value", 0]);
});

Deno.test("reset breaks the round under way, and the next one is a good one", async () => {
  const barrier = new Barrier(2);
  const party = arrive(barrier);
  await barrier.reset();
  await party.task;
  assertEquals(party.outcome, "BrokenBarrierError");
  assertEquals([barrier.broken, barrier.waiting], [false, 0]);
  const next = [arrive(barrier), arrive(barrier)];
  await gather(next.map((it) => it.task));
  assertEquals(next.map((it) => it.value), [0, 1]);
});

Deno.test("calls that were released are not touched by a reset in the same turn", async () => {
  const barrier = new Barrier(2);
  const parties = [arrive(barrier), arrive(barrier)];
  await barrier.reset();
  await gather(parties.map((it) => it.task));
  assertEquals(parties.map((it) => it.outcome), ["value", "value"]);
});

Deno.test("abort breaks the round under way and all that come, until reset", async () => {
  const barrier = new Barrier(2);
  const party = arrive(barrier);
  await barrier.abort();
  await party.task;
  assertEquals([party.outcome, barrier.broken], ["BrokenBarrierError", true]);
  const error = await assertRejects(() => barrier.wait(), BrokenBarrierError);
  assertEquals(error.name, "BrokenBarrierError");
  await barrier.reset();
  assert(!barrier.broken);
  const next = arrive(barrier);
  assertEquals(await barrier.wait(), 1);
  await next.task;
});

for (const method of ["reset", "abort"] as const) {
  Deno.test(`${method} with a cancel pending does its work, and the cancel is delivered there`, async () => {
    const barrier = new Barrier(2);
    const party = arrive(barrier);
    const task = createTask(async () => {
      currentTask()!.cancel();
      await barrier[method]();
    });
    await assertRejects(async () => await task, CancelledError);
    await party.task;
    assertEquals(party.outcome, "BrokenBarrierError");
  });
}

Deno.test("a barrier shows its state", async () => {
  const barrier = new Barrier(2);
  const party = arrive(barrier);
  assertEquals(
    Deno.inspect(barrier),
    "Barrier { parties: 2, waiting: 1, broken: false }",
  );
  party.cancel();
  await party.task;
});
