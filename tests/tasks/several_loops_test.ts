import { assert, assertEquals } from "@std/assert";
import { Lock } from "@asyncio/asyncio/sync";
import {
  createTask,
  Future,
  gather,
  InvalidStateError,
  run,
  Runner,
  sleep,
} from "@asyncio/asyncio/tasks";
import { explore } from "@asyncio/asyncio/testing";
import { turns } from "../_helpers/turns.ts";

Deno.test("a task awaits a future that is set outside of its run", async () => {
  const future = new Future<number>();
  const value = run(async () => await future);
  await turns();
  future.setResult(7);
  assertEquals(await value, 7);
});

Deno.test("runs side by side await each other's tasks", async () => {
  await using one = new Runner();
  await using other = new Runner();
  const go = new Future<void>();
  const theirs = other.loop.createTask(async () => {
    await go;
    return "theirs";
  });
  const both = Promise.all([
    one.run(async () => await theirs),
    other.run(async () => await createTask(async () => await go)),
  ]);
  await turns();
  go.setResult();
  assertEquals(await both, ["theirs", undefined]);
});

Deno.test("code that awaits a task of another run gets its cancel when that run ends", async () => {
  const other = new Runner();
  const theirs = other.loop.createTask(() => sleep(60_000));
  const waiting = run(async () => {
    try {
      return await theirs;
    } catch (error) {
      return (error as Error).name;
    }
  });
  await turns();
  await other.close();
  assertEquals(await waiting, "CancelledError");
});

Deno.test("a runner can neither run nor close inside its own run, and can be used afterwards", async () => {
  await using runner = new Runner();
  for (const call of [() => runner.run(() => 1), () => runner.close()]) {
    const refusal = await runner.run(() => call().catch((error) => error));
    assert(refusal instanceof InvalidStateError);
  }
  assertEquals(await runner.run(() => "fine"), "fine");
});

Deno.test("what one loop defers is not overtaken when another has its turn first", async () => {
  const futures = Array.from({ length: 1000 }, () => new Future<void>());
  const set = (from: number, to: number) =>
    futures.slice(from, to).forEach((future) => future.setResult());
  const order: number[] = [];
  let started = 0;
  const waiting = run(() =>
    gather(futures.map((future, k) => async () => {
      started++;
      await future;
      order.push(k);
    }))
  );
  while (started < 1000) await turns();
  await run(() =>
    gather([
      async () => {
        await sleep(0); // the first turn that is planned
        set(600, 1000);
      },
      () => {
        set(0, 300);
        const start = performance.now();
        while (performance.now() < start + 5); // now a turn is due
        set(300, 600);
      },
    ])
  );
  await waiting;
  assertEquals(order, futures.map((_, k) => k));
});

Deno.test("a loop that defers every wake-up defers none of others, and none after its end", async () => {
  const lock = new Lock();
  const turnsTaken = async (): Promise<number> => {
    let taken = 0;
    const planned = [1, 2, 3].map(() => setImmediate(() => taken++));
    for (const _ of planned) (await lock.acquire())[Symbol.dispose]();
    planned.forEach(clearImmediate);
    return taken;
  };
  // A slow machine may spend a budget in one acquire, but not each time.
  const fewestTurns = async (): Promise<number> => {
    const tries = [];
    for (let i = 0; i < 10; i++) tries.push(await turnsTaken());
    return Math.min(...tries);
  };
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const exploration = explore(async () => {
    await sleep(0);
    begun.resolve();
    await gate.promise;
  }, { runs: 1 });
  await begun.promise;
  assertEquals(await fewestTurns(), 0);
  gate.resolve();
  await exploration;
  assertEquals(await fewestTurns(), 0);
});
