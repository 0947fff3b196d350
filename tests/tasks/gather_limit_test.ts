import { AsyncLocalStorage } from "node:async_hooks";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  ContextVar,
  createEagerTaskFactory,
  createTask,
  Future,
  gather,
  getRunningLoop,
  sleep,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere, explore } from "@asyncio/asyncio/testing";
import { now } from "../_helpers/now.ts";
import { reportsOf } from "../_helpers/reports.ts";
import { virtually } from "../_helpers/virtually.ts";

/** Functions that note when they begin and how many run. */
class Work {
  readonly begun: number[] = [];
  running = 0;
  most = 0;

  function(ms: number, fail = false): () => Promise<number> {
    const index = this.#made++;
    return async () => {
      this.begun.push(index);
      this.most = Math.max(this.most, ++this.running);
      try {
        await sleep(ms);
      } finally {
        this.running--;
      }
      if (fail) throw new Error(`failed: ${index}`);
      return index;
    };
  }
  #made = 0;
}

Deno.test("gather with a limit runs so many functions at a time, begun in order, and gives all results in order", () =>
  virtually(async () => {
    const work = new Work();
    const durations = [30, 10, 20, 10, 40, 10];
    const results = await gather(durations.map((ms) => work.function(ms)), {
      limit: 2,
    });
    assertEquals(results, [0, 1, 2, 3, 4, 5]);
    assertEquals([work.most, work.begun], [2, [0, 1, 2, 3, 4, 5]]);
    assertEquals(now(), 70); // 30 and 40 beside 10, 20, 10 and 10
  }));

Deno.test("what is under way already, or comes as a promise, does not count against the limit", () =>
  virtually(async () => {
    const work = new Work();
    const task = createTask(() => sleep(10, { result: "task" }));
    const results = await gather([
      work.function(10),
      task,
      sleep(5, { result: "promise" }),
      work.function(10),
      task,
    ], { limit: 1 });
    assertEquals(results, [0, "task", "promise", 1, "task"]);
    assertEquals([work.most, now()], [1, 20]);
  }));

Deno.test("a limit that is not reached changes nothing", () =>
  virtually(async () => {
    const work = new Work();
    const works = [work.function(10), work.function(10)];
    assertEquals(await gather(works, { limit: 2 }), [0, 1]);
    assertEquals(now(), 10);
    assertEquals(await gather([], { limit: 1 }), []);
    assertEquals(await gather([() => 1], { limit: Infinity }), [1]);
  }));

Deno.test("after the first error no function begins; those that run go on", () =>
  virtually(async () => {
    const work = new Work();
    const works = [
      work.function(10, true),
      work.function(100),
      ...[1, 2, 3].map(() => work.function(10)),
    ];
    await assertRejects(
      async () => await gather(works, { limit: 2 }),
      Error,
      "failed: 0",
    );
    assertEquals([now(), work.running], [10, 1]);
    await sleep(500);
    assertEquals([work.begun, work.running], [[0, 1], 0]);
  }));

Deno.test("with returnExceptions errors are results, and all functions run", () =>
  virtually(async () => {
    const work = new Work();
    const works = [1, 2, 3, 4].map((i) => work.function(10, i % 2 === 0));
    const results = await gather(works, { limit: 1, returnExceptions: true });
    assertEquals(
      results.map((it) =>
        it.status === "fulfilled" ? it.value : `${it.reason}`
      ),
      [0, "Error: failed: 1", 2, "Error: failed: 3"],
    );
  }));

Deno.test("a gather with a limit that is cancelled cancels what runs, waits for it, and begins no more", () =>
  virtually(async () => {
    for (const returnExceptions of [false, true]) {
      const work = new Work();
      const works = [1, 2, 3, 4].map(() => work.function(100));
      const gathering = gather(works, { limit: 2, returnExceptions } as never);
      await sleep(10);
      gathering.cancel();
      await assertRejects(async () => await gathering, CancelledError);
      await sleep(1000);
      assertEquals([work.begun, work.running], [[0, 1], 0]);
    }
  }));

Deno.test("one function that is cancelled by itself is an error as ever", () =>
  virtually(async () => {
    const work = new Work();
    const works = [
      () => {
        const never = new Future<void>();
        never.cancel();
        return never;
      },
      work.function(10),
    ];
    await assertRejects(
      async () => await gather(works, { limit: 1 }),
      CancelledError,
    );
    assertEquals(work.begun, []);
  }));

Deno.test("functions that begin later have the context variables of the call, each a copy", () =>
  virtually(async () => {
    const user = new ContextVar<string>("user");
    const storage = new AsyncLocalStorage<string>();
    user.set("ada");
    const look = async () => {
      const before = `${user.get()} ${storage.getStore()}`;
      user.set("changed");
      await sleep(1);
      return before;
    };
    const gathering = storage.run(
      "request",
      () => gather([look, look, look], { limit: 1 }),
    );
    user.set("grace");
    assertEquals(await gathering, Array(3).fill("ada request"));
  }));

Deno.test("a hundred thousand functions that end at once need no stack", () =>
  virtually(async () => {
    const works = Array.from({ length: 100_000 }, (_, i) => () => i);
    const results = await gather(works, { limit: 3 });
    assertEquals(results.at(-1), 99_999);
    getRunningLoop().setTaskFactory(createEagerTaskFactory());
    assertEquals((await gather(works, { limit: 3 })).length, 100_000);
  }));

Deno.test("an eager function that cancels its gather is cancelled too", () =>
  virtually(async () => {
    getRunningLoop().setTaskFactory(createEagerTaskFactory());
    const gathering: Future<unknown[]> = gather([
      () => sleep(1),
      () => {
        gathering.cancel();
        return sleep(1e6);
      },
    ], { limit: 1 });
    await assertRejects(async () => await gathering, CancelledError);
    assertEquals(now(), 1);
  }));

Deno.test("gather with a limit keeps it in any schedule", async () => {
  await explore(async () => {
    const work = new Work();
    const works = [0, 0, 0, 0].map((ms) => work.function(ms));
    assertEquals(await gather(works, { limit: 2 }), [0, 1, 2, 3]);
    assert(work.most <= 2);
  });
});

Deno.test("wherever a gather with a limit is cancelled, nothing is left running", async () => {
  const work = new Work();
  await cancelEverywhere(async () => {
    const works = [1, 2, 3].map(() => work.function(10));
    await gather(works, { limit: 2 });
  }, () => assertEquals(work.running, 0));
});

Deno.test("a gather with a limit that its run leaves behind is ended with it", async () => {
  const work = new Work();
  const reports = await reportsOf(() => {
    const works = [1, 2, 3, 4].map(() => work.function(1e6));
    gather(works, { limit: 2, returnExceptions: true });
    return sleep(1);
  });
  assertEquals([reports, work.running, work.begun], [[], 0, [0, 1]]);
});

Deno.test("gather refuses what is no limit, and starts nothing", () => {
  let started = false;
  for (const limit of [0, 1.5, NaN, -1]) {
    assertThrows(() => gather([() => started = true], { limit }), RangeError);
  }
  assertThrows(
    () => gather([() => started = true], { limit: "2" as never }),
    TypeError,
  );
  assertEquals(started, false);
});
