import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  Future,
  getRunningLoop,
  run,
  shield,
  sleep,
  TimeoutError,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";
import { now } from "../_helpers/now.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

/** Runs for its time, in spite of cancels. */
async function stubborn(ms: number): Promise<string> {
  const until = now() + ms;
  while (now() < until) await sleep(until - now()).catch(() => {});
  return "ended";
}

Deno.test("waitFor ends no earlier than its work, cancelled or out of time", () =>
  virtually(async () => {
    const start = now();
    const task = createTask(() => waitFor(() => stubborn(200), 400));
    await sleep(0);
    task.cancel();
    await wait([task]);
    assertEquals(now() - start, 200);
    assertEquals(await waitFor(() => stubborn(200), 100), "ended");
    assertEquals(now() - start, 400);
  }));

for (const ms of [Infinity, 60_000]) {
  Deno.test(`a callback that cancels a task in waitFor, with ${ms} ms, cancels the task waited for`, async () => {
    const future = new Future<void>();
    const inner = createTask(async () => await future);
    const waiter = createTask(() => waitFor(inner, ms));
    getRunningLoop().callSoon(() => waiter.cancel());
    await assertRejects(async () => await waiter, CancelledError);
    await wait([inner]);
    assert(inner.cancelled);
  });
}

Deno.test("a task that ends at once, and a cancel of the task that waits for it: the cancel is delivered at the next wait", async () => {
  const seen: string[] = [];
  const inner = createTask(() => "done");
  const task = createTask(async () => {
    seen.push(await waitFor(inner, 60_000));
    await sleep(60_000);
    seen.push("not reached");
  });
  await sleep(0);
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, ["done"]);
});

Deno.test("a shield that is out of time is cancelled, and its work goes on", () =>
  virtually(async () => {
    const work = createTask(() => sleep(10, { result: "done" }));
    for (const ms of [0, 1]) {
      const shielded = shield(work);
      await assertRejects(() => waitFor(shielded, ms), TimeoutError);
      assertEquals([work.done, shielded.cancelled], [false, true]);
    }
    assertEquals(await waitFor(shield(work), Infinity), "done");
  }));

Deno.test("an abort, and then an item, in the same turn: the work that is given up takes nothing", () =>
  virtually(async () => {
    const queue = new Queue<string>();
    const controller = new AbortController();
    const { signal } = controller;
    const given = assertRejects(
      () => waitFor(() => queue.get(), 1000, { signal }),
      Error,
      "given up",
    );
    await sleep(1);
    controller.abort(new Error("given up"));
    queue.putNowait("item");
    await given;
    await turns();
    assertEquals(queue.getNowait(), "item");
  }));

Deno.test("an item, and then an abort, in the same turn: the item is given", () =>
  virtually(async () => {
    const queue = new Queue<string>();
    const controller = new AbortController();
    const { signal } = controller;
    const given = waitFor(
      async () => `an ${await queue.get()}`,
      1000,
      { signal },
    );
    await sleep(1);
    queue.putNowait("item");
    controller.abort();
    assertEquals(await given, "an item");
  }));

Deno.test("a result, and then an abort, in the same turn: the result is given", () =>
  virtually(async () => {
    const future = new Future<string>();
    const controller = new AbortController();
    const { signal } = controller;
    const given = waitFor(future, 1000, { signal });
    await sleep(1);
    future.setResult("result");
    controller.abort();
    assertEquals(await given, "result");
  }));

Deno.test("an item, and then an abort, in the same turn: what is waited for next is given up", () =>
  virtually(async () => {
    const queue = new Queue<string>();
    const controller = new AbortController();
    const { signal } = controller;
    const seen: string[] = [];
    const given = assertRejects(
      () =>
        waitFor(
          async () => {
            seen.push(await queue.get());
            await sleep(60_000);
          },
          1e9,
          { signal },
        ),
      Error,
      "given up",
    );
    await sleep(1);
    queue.putNowait("item");
    controller.abort(new Error("given up"));
    await given;
    assertEquals([seen, now() < 60_000], [["item"], true]);
  }));

Deno.test("an abort, and a cancel of the waiting task, in the same turn: the work cleans up once, undisturbed", () =>
  virtually(async () => {
    for (const order of ["abort first", "cancel first"]) {
      const seen: string[] = [];
      const controller = new AbortController();
      const { signal } = controller;
      const work = async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(5);
          seen.push("cleaned up");
        }
      };
      const task = createTask(() => waitFor(work, 1000, { signal }));
      await sleep(1);
      const both = [() => controller.abort(), () => task.cancel()];
      for (const end of order === "abort first" ? both : both.reverse()) end();
      await assertRejects(async () => await task, Error);
      await sleep(10);
      assertEquals(seen, ["cleaned up"], order);
    }
  }));

Deno.test("the cancel of an abort that the work ended without is taken back", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let end!: () => void;
  let goOn!: () => void;
  let floating!: Promise<string>;
  const work = async () => {
    floating = (async () => {
      await new Promise<void>((resolve) => goOn = resolve);
      await sleep(0);
      return "goes on";
    })();
    await new Promise<void>((resolve) => end = resolve); // knows nothing of cancels
  };
  const given = assertRejects(() => waitFor(work, 60_000, { signal }), Error);
  controller.abort(new Error("given up"));
  await given;
  end();
  await turns();
  goOn();
  assertEquals(await floating, "goes on");
});

Deno.test("the end of a run waits for the clean-up of work that an abort has given up, and cancels it no further", async () => {
  const seen: string[] = [];
  const controller = new AbortController();
  const work = async () => {
    try {
      await sleep(60_000);
    } finally {
      await sleep(10);
      seen.push("cleaned up");
    }
  };
  const main = async () => {
    getRunningLoop().callLater(5, () => controller.abort(new Error("stop")));
    await waitFor(work, 1000, controller);
  };
  await assertRejects(() => virtually(main), Error, "stop");
  assertEquals(seen, ["cleaned up"]);
});

Deno.test("work that ended as an abort came leaves nothing to the end of the run", async () => {
  for (const ended of ["in time", "cancelled"]) {
    const controller = new AbortController();
    await run(async () => {
      const future = new Future<string>();
      const given = waitFor(() => future, 1000, controller).catch(() => {});
      await turns();
      if (ended === "in time") future.setResult(ended);
      else future.cancel();
      controller.abort();
      await given;
    });
  }
});
