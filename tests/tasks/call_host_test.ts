import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  callHost,
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  getRunningLoop,
  run,
  sleep,
  WorkerPool,
  type WorkerPoolOptions,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { reportsOf } from "../_helpers/reports.ts";
import { until } from "../_helpers/until.ts";

const MODULE = new URL("./_host_functions.ts", import.meta.url);

function open(
  callbacks: WorkerPoolOptions["callbacks"],
  options: WorkerPoolOptions = {},
): WorkerPool {
  return new WorkerPool(MODULE, { maxWorkers: 1, callbacks, ...options });
}

Deno.test("callHost: a thread awaits a function of the pool's program", async () => {
  await using pool = open({ add: (a: number, b: number) => a + b });
  assertEquals(await pool.call("ask", ["add", 2, 3]), 5);
  assertEquals(await pool.call("ask", ["add", "a", "b"]), "ab");
});

Deno.test("callHost: async functions are awaited, several at once", async () => {
  let running = 0;
  const all = new Event();
  await using pool = open({
    async square(n: number) {
      if (++running === 5) all.set();
      await all.wait();
      return n * n;
    },
  });
  assertEquals(await pool.call("askAll", ["square", 5]), [0, 1, 4, 9, 16]);
});

Deno.test("callHost: the function runs in a task of the call's run, with the call's variables", async () => {
  const name = new ContextVar<string>("name", { default: "none" });
  let seen: unknown[] = [];
  const callbacks = {
    look() {
      seen = [currentTask()?.name, name.get(), getRunningLoop()];
    },
  };
  await using pool = open(callbacks); // made outside of the run
  await run(async () => {
    name.set("of the run");
    await pool.call("ask", ["look"]);
    assertEquals(seen, ["callHost look", "of the run", getRunningLoop()]);
  });
});

Deno.test("callHost: an error of the function is thrown in the thread, with class, message and cause", async () => {
  await using pool = open({
    fail: () => {
      throw new RangeError("no", { cause: new Error("why") });
    },
  });
  assertEquals(await pool.call("failureOf", ["fail"]), {
    name: "RangeError",
    message: "no",
    type: "RangeError",
    cause: "why",
  });
});

Deno.test("callHost: a name that the pool does not have is a TypeError there", async () => {
  for (const callbacks of [undefined, {}, { other: () => {} }]) {
    await using pool = open(callbacks);
    for (const name of ["missing", "toString", "constructor"]) {
      const failure = await pool.call<Error>("failureOf", [name]);
      assertEquals(failure.name, "TypeError");
      assert(failure.message.includes(`the pool has no callback "${name}"`));
    }
  }
});

Deno.test("callHost: what cannot be copied fails the call of the host, either way", async () => {
  await using pool = open({ give: () => () => {}, take: () => 1 });
  assertEquals(await pool.call("notCloneable", ["take"]), "DataCloneError");
  const failure = await pool.call<Error>("failureOf", ["give"]);
  assertEquals(failure.name, "DataCloneError");
  assertEquals(await pool.call("double", [2]), 4);
});

Deno.test("callHost: outside of a worker it is a TypeError", async () => {
  await assertRejects(
    () => callHost("add", 1),
    TypeError,
    "does not run in a thread of a WorkerPool",
  );
});

Deno.test("callHost: what is not awaited is done all the same", async () => {
  const told: unknown[] = [];
  await using pool = open({ note: (what: string) => told.push(what) });
  await pool.call("tell", ["note", "progress"]);
  await until(() => told.length === 1);
  assertEquals(told, ["progress"]);
});

Deno.test("callHost: giving the call of the thread up cancels the function", async () => {
  let started = false, ended: unknown;
  await using pool = open({
    async hang() {
      started = true;
      try {
        await sleep(Infinity);
      } catch (error) {
        ended = error;
        throw error;
      }
    },
  });
  const task = createTask(() => pool.call("ask", ["hang"]));
  await until(() => started);
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  await until(() => ended !== undefined);
  assert(ended instanceof CancelledError);
  assertEquals(await pool.call("double", [2]), 4);
});

Deno.test("callHost: given up in the thread, the function is cancelled", async () => {
  let ended: unknown;
  await using pool = open({
    async hang() {
      await sleep(Infinity).catch((error) => {
        ended = error;
        throw error;
      });
    },
  });
  assertEquals(await pool.call("giveUp", ["hang"]), "TimeoutError");
  await until(() => ended !== undefined);
  assert(ended instanceof CancelledError);
});

Deno.test("callHost: an error of a function whose call was given up is reported", async () => {
  const reports = await reportsOf(async () => {
    const called = new Event();
    await using pool = open({
      async slow() {
        called.set();
        await sleep(1e6).catch(() => {
          throw new RangeError("of the clean-up");
        });
      },
    });
    const call = createTask(() => pool.call("ask", ["slow"]));
    await called.wait();
    call.cancel();
    await assertRejects(async () => await call, CancelledError);
  });
  assertEquals(reports.map(({ error }) => `${error}`), [
    "RangeError: of the clean-up",
  ]);
});

Deno.test("callHost: a function that is cancelled by others fails the call of the host", async () => {
  await using pool = open({
    async leave() {
      currentTask()!.cancel("enough");
      await sleep(0);
    },
  });
  const failure = await pool.call<Error>("failureOf", ["leave"]);
  assertEquals([failure.name, failure.message], ["CancelledError", "enough"]);
});

Deno.test("callHost: closing the pool cancels the functions under way", async () => {
  let started = false, ended = false;
  const pool = open({
    async hang() {
      started = true;
      await sleep(Infinity).finally(() => ended = true);
    },
  });
  const call = pool.call("ask", ["hang"]).catch((error) => error.name);
  await until(() => started);
  await pool.close();
  assertEquals(await call, "InvalidStateError");
  await until(() => ended);
});

Deno.test("callHost: a virtual clock goes on while a thread waits for a function, and stands still while it works", async () => {
  await run(async () => {
    await using pool = open({ slow: () => sleep(60_000, { result: "slept" }) });
    const loop = getRunningLoop();
    const before = loop.time();
    assertEquals(await pool.call("ask", ["slow"]), "slept");
    assertEquals(loop.time() - before, 60_000);
    assertEquals(await pool.call("double", [1]), 2);
    assertEquals(loop.time() - before, 60_000);
  }, { clock: new VirtualClock() });
});

Deno.test("WorkerPool: wrong callbacks and limits are refused", () => {
  const wrong = (options: unknown) => () =>
    void new WorkerPool(MODULE, options as WorkerPoolOptions);
  assertThrows(wrong({ callbacks: 5 }), TypeError, "an object of functions");
  assertThrows(
    wrong({ callbacks: { one: () => {}, two: 2 } }),
    TypeError,
    "the callback two is a function, received 2",
  );
  assertThrows(wrong({ resourceLimits: 5 }), TypeError, "object of numbers");
  for (const limit of [0, -1, NaN, "64"]) {
    assertThrows(
      wrong({ resourceLimits: { maxOldGenerationSizeMb: limit } }),
      RangeError,
      "maxOldGenerationSizeMb is a number of megabytes above 0",
    );
  }
});

for (const name of ["hog", "hogAtOnce"]) {
  Deno.test(`WorkerPool: a thread that is out of memory fails its call and nothing else: ${name}`, async () => {
    await using pool = open(undefined, {
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    const error = await assertRejects(
      () => pool.call(name),
      Error,
      `the worker thread crashed while it ran ${name}`,
    );
    assertEquals(
      (error.cause as { code?: string }).code,
      "ERR_WORKER_OUT_OF_MEMORY",
    );
    assertEquals(await pool.call("double", [4]), 8);
  });
}

Deno.test("callHost: an error that cannot be read is an error of the call all the same", async () => {
  await using pool = open({
    fail: () => {
      throw Object.defineProperty(new Error("x"), "name", {
        get() {
          throw new Error("no name");
        },
      });
    },
  });
  await assertRejects(
    () => pool.call("ask", ["fail"]),
    Error,
    "cannot be read",
  );
});
