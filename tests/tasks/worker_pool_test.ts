import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  type ExceptionContext,
  getRunningLoop,
  InvalidStateError,
  run,
  sleep,
  WorkerPool,
} from "@asyncio/asyncio/tasks";
import { Aborted, Attempt } from "../_helpers/attempt.ts";
import { shown } from "../_helpers/waiting_rules.ts";
import { Gate } from "./_gate.ts";

const MODULE = new URL("./_worker_functions.ts", import.meta.url);

function poolOf(maxWorkers: number): WorkerPool {
  return new WorkerPool(MODULE, { maxWorkers });
}

/** Each, and the next one when it has ended. */
async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

// --- Making one --------------------------------------------------------------

Deno.test("WorkerPool: refuses a module that is no absolute URL", () => {
  assertThrows(() => new WorkerPool("./work.ts"), TypeError, "import.meta.url");
});

Deno.test("WorkerPool: refuses less than one worker", () => {
  for (const maxWorkers of [0, -1, 1.5, NaN]) {
    assertThrows(() => poolOf(maxWorkers), RangeError, String(maxWorkers));
  }
});

Deno.test("WorkerPool: takes the module as a string too", async () => {
  await using pool = new WorkerPool(MODULE.href);
  assertEquals(await pool.call("double", [2]), 4);
});

// --- call --------------------------------------------------------------------

Deno.test("WorkerPool.call: gives what the exported function returns", async () => {
  await using pool = poolOf(1);
  assertEquals(await pool.call<number>("double", [21]), 42);
});

Deno.test("WorkerPool.call: a thread serves many calls, and no thread is started without need", async () => {
  await using pool = poolOf(4);
  const first = await pool.call<number>("thread");
  assertEquals(await pool.call<number>("thread"), first);
  assertEquals(shown(pool, "workers"), 1);
});

Deno.test("WorkerPool.call: no more calls are under way than there are workers", async () => {
  await using pool = poolOf(2);
  const gates = Array.from({ length: 3 }, () => new Gate());
  const calls = gates.map((gate) => pool.call("pass", [gate.shared]));
  await gates[0]!.reached();
  await gates[1]!.reached();
  assertEquals(
    [shown(pool, "workers"), shown(pool, "running"), shown(pool, "waiting")],
    [2, 2, 1],
  );
  gates[1]!.open();
  await gates[2]!.reached();
  for (const gate of gates) gate.open();
  assertEquals(await Promise.all(calls), ["passed", "passed", "passed"]);
});

Deno.test("WorkerPool.call: calls in line are served first come, first served", async () => {
  await using pool = poolOf(1);
  const order: number[] = [];
  await Promise.all([1, 2, 3, 4].map(async (n) => {
    order.push(await pool.call<number>("double", [n]));
  }));
  assertEquals(order, [2, 4, 6, 8]);
});

Deno.test("WorkerPool.call: buffers are handed over instead of being copied", async () => {
  await using pool = poolOf(1);
  const buffer = new ArrayBuffer(1000);
  const size = pool.call("bytesOf", [buffer], { transfer: [buffer] });
  assertEquals(await size, 1000);
  assertEquals(buffer.byteLength, 0);
});

Deno.test("WorkerPool.call: what is posted by the function itself is no answer", async () => {
  await using pool = poolOf(1);
  assertEquals(await pool.call("post"), "posted");
});

Deno.test("WorkerPool.call: refuses wrong arguments", async () => {
  await using pool = poolOf(1);
  await assertRejects(() => pool.call(1 as never), TypeError, "received 1");
  await assertRejects(
    () => pool.call("double", 1 as never),
    TypeError,
    "array",
  );
  assertEquals(shown(pool, "workers"), 0);
});

// --- Errors ------------------------------------------------------------------

Deno.test("WorkerPool.call: an error comes back with its class's name, message and stack", async () => {
  await using pool = poolOf(1);
  const error = await assertRejects(
    () => pool.call("fail", ["why"]),
    Error,
    "why",
  );
  assertEquals(error.name, "UnusualError");
  assert(error.stack!.includes("_worker_functions.ts"), error.stack);
});

Deno.test("WorkerPool.call: names an export that is no function", async () => {
  await using pool = poolOf(1);
  for (const name of ["missing", "notAFunction"]) {
    await assertRejects(
      () => pool.call(name),
      TypeError,
      `no function "${name}"`,
    );
  }
});

Deno.test("WorkerPool.call: a module that cannot be loaded fails the calls", async () => {
  await using bad = new WorkerPool(
    "data:text/javascript,throw new RangeError('cannot load')",
  );
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => bad.call("double"), RangeError, "cannot load");
  }
});

Deno.test("WorkerPool.call: arguments that cannot be copied fail their call, also from within the line", async () => {
  await using pool = poolOf(1);
  using gate = new Gate();
  const first = pool.call("pass", [gate.shared]);
  const bad = assertRejects(
    () => pool.call("double", [() => {}]),
    DOMException,
  );
  const last = pool.call("double", [1]);
  gate.open();
  assertEquals(await first, "passed");
  await bad;
  assertEquals(await last, 2);
});

Deno.test("WorkerPool.call: a crash rejects its own call, and the next one gets a new thread", async () => {
  await using pool = poolOf(1);
  const before = await pool.call<number>("thread");
  const crash = pool.call("exit", [3]);
  const next = pool.call<number>("thread");
  await assertRejects(
    () => crash,
    Error,
    "ended with code 3 while it ran exit",
  );
  assert(await next !== before);
});

Deno.test("WorkerPool.call: an error that escapes the function rejects its call, as the cause", async () => {
  await using pool = poolOf(1);
  const error = await assertRejects(
    () => pool.call("failBeside"),
    Error,
    "crashed while it ran failBeside",
  );
  assertEquals(String(error.cause), "RangeError: beside");
  assertEquals(await pool.call("double", [1]), 2);
});

Deno.test("WorkerPool: a thread that crashes when it has nothing to do is reported, and replaced", async () => {
  const reports: ExceptionContext[] = [];
  await run(async () => {
    const reported = Promise.withResolvers<void>();
    getRunningLoop().setExceptionHandler((_, report) => {
      reports.push(report);
      reported.resolve();
    });
    await using pool = poolOf(1);
    await pool.call("failLater");
    const alive = setInterval(() => {}, 1000); // an idle thread does not do that
    await reported.promise;
    clearInterval(alive);
    assertEquals(shown(pool, "workers"), 0);
    assertEquals(await pool.call("double", [1]), 2);
  });
  assertEquals(reports.length, 1);
  assertEquals(String(reports[0]!.error), "RangeError: too late");
});

// --- Cancel safety -----------------------------------------------------------

Deno.test("WorkerPool.call: a cancel gives up the thread, and the next in line gets a new one", async () => {
  await using pool = poolOf(1);
  using gate = new Gate();
  const attempt = new Attempt(() => pool.call("spin", [gate.shared]));
  await gate.reached();
  const next = pool.call("double", [1]);
  attempt.cancel();
  await attempt.task;
  assertEquals(attempt.outcome, "cancelled");
  assertEquals(await next, 2);
});

Deno.test("WorkerPool.call: an abort gives up the thread", async () => {
  await using pool = poolOf(1);
  const attempt = new Attempt((options) => pool.call("never", [], options));
  attempt.abort();
  await attempt.task;
  assertEquals(attempt.outcome, "Aborted");
  assertEquals(await pool.call("double", [1]), 2);
});

for (const giveUp of ["cancel", "abort"] as const) {
  Deno.test(`WorkerPool.call: in line, one ${giveUp} leaves the line, and nothing was transferred`, async () => {
    await using pool = poolOf(1);
    using gate = new Gate();
    const first = pool.call("pass", [gate.shared]);
    const buffer = new ArrayBuffer(8);
    const attempt = new Attempt(({ signal }) =>
      pool.call("bytesOf", [buffer], { signal, transfer: [buffer] })
    );
    assertEquals(shown(pool, "waiting"), 1);
    attempt[giveUp]();
    assertEquals(shown(pool, "waiting"), 0);
    gate.open();
    assertEquals(await first, "passed");
    assertEquals(buffer.byteLength, 8);
  });
}

Deno.test("WorkerPool.call: a signal aborted already starts nothing", async () => {
  await using pool = poolOf(1);
  const reason = new Aborted("before");
  const signal = AbortSignal.abort(reason);
  const error = await assertRejects(() => pool.call("double", [1], { signal }));
  assertStrictEquals(error, reason);
  assertEquals(shown(pool, "workers"), 0);
});

Deno.test("WorkerPool.call: a cancel not yet delivered starts nothing", async () => {
  await using pool = poolOf(1);
  const task = createTask(async () => {
    task.cancel();
    await pool.call("double", [1]);
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(shown(pool, "workers"), 0);
});

// --- map ---------------------------------------------------------------------

Deno.test("WorkerPool.map: gives the results in the order of the lists", async () => {
  await using pool = poolOf(3);
  const lists = Array.from({ length: 20 }, (_, i) => [i]);
  const results = await collect(pool.map<number>("double", lists));
  assertEquals(results, lists.map(([n]) => n! * 2));
});

Deno.test("WorkerPool.map: of nothing is nothing, and starts no thread", async () => {
  await using pool = poolOf(3);
  assertEquals(await collect(pool.map("double", [])), []);
  assertEquals(shown(pool, "workers"), 0);
});

Deno.test("WorkerPool.map: reads the lists no faster than the results are taken", async () => {
  await using pool = poolOf(2);
  let read = 0;
  function* lists(): Generator<number[]> {
    for (; read < 100; read++) yield [read];
  }
  const results = pool.map<number>("double", lists())[Symbol.asyncIterator]();
  assertEquals(read, 0);
  await results.next();
  assert(read <= 2, `${read} were read`);
  await results.next();
  assert(read <= 3, `${read} were read`);
  await results.return!();
});

Deno.test("WorkerPool.map: several next() at a time get the results in order", async () => {
  await using pool = poolOf(2);
  const results = pool.map<number>("double", [[1], [2], [3]])
    [Symbol.asyncIterator]();
  const all = await Promise.all([1, 2, 3, 4].map(() => results.next()));
  assertEquals(all.map(({ value }) => value), [2, 4, 6, undefined]);
});

Deno.test("WorkerPool.map: an error comes in its turn, ends the map, and leaves the lists", async () => {
  await using pool = poolOf(2);
  let left = false;
  function* lists(): Generator<number[]> {
    try {
      for (let n = 0; n < 100; n++) yield [n, 3];
    } finally {
      left = true;
    }
  }
  const results: number[] = [];
  await assertRejects(
    async () => {
      for await (const n of pool.map<number>("failAt", lists())) {
        results.push(n);
      }
    },
    RangeError,
    "no 3",
  );
  assertEquals(results, [0, 1, 2]);
  assert(left);
});

Deno.test("WorkerPool.map: an error of the lists comes after the results of those before it", async () => {
  await using pool = poolOf(2);
  function* lists(): Generator<number[]> {
    yield [1];
    yield [2];
    throw new RangeError("no more");
  }
  const results: number[] = [];
  await assertRejects(
    async () => {
      for await (const n of pool.map<number>("double", lists())) {
        results.push(n);
      }
    },
    RangeError,
    "no more",
  );
  assertEquals(results, [2, 4]);
});

Deno.test("WorkerPool.map: an error of the lists drops no result that another next() waits for", async () => {
  await using pool = poolOf(1);
  function* lists(): Generator<number[]> {
    yield [1];
    throw new RangeError("no more");
  }
  const results = pool.map<number>("double", lists())[Symbol.asyncIterator]();
  const ends = await Promise.allSettled([1, 2, 3].map(() => results.next()));
  assertEquals(
    ends.map((it) =>
      it.status === "fulfilled" ? it.value.value : it.reason.name
    ),
    [2, "RangeError", undefined],
  );
});

Deno.test("WorkerPool.map: arguments that are no list are an error after the results before, and leave the lists", async () => {
  await using pool = poolOf(2);
  let left = false;
  function* lists(): Generator<number[]> {
    try {
      yield [1];
      yield 2 as never;
    } finally {
      left = true;
    }
  }
  const results: number[] = [];
  await assertRejects(async () => {
    for await (const n of pool.map<number>("double", lists())) results.push(n);
  }, TypeError);
  assertEquals([results, left], [[2], true]);
});

Deno.test("WorkerPool.map: leaving the loop gives up the calls under way", async () => {
  await using pool = poolOf(2);
  using gate = new Gate();
  gate.open();
  using stuck = new Gate();
  const lists = [[gate.shared], [stuck.shared], [stuck.shared]];
  for await (const _ of pool.map("pass", lists)) break;
  assertEquals(shown(pool, "running"), 0);
});

Deno.test("WorkerPool.map: return() gives up the call that a next() waits for, which ends", async () => {
  await using pool = poolOf(1);
  using gate = new Gate();
  const results = pool.map("spin", [[gate.shared]])[Symbol.asyncIterator]();
  const next = results.next();
  await gate.reached();
  await results.return!();
  assertEquals(shown(pool, "running"), 0);
  assertEquals(await next, { done: true, value: undefined });
});

Deno.test("WorkerPool.map: an error gives up the calls that other next() wait for, which end", async () => {
  await using pool = poolOf(2);
  using gate = new Gate();
  const lists = [[], [gate.shared]]; // the first has no gate to come to
  const results = pool.map("spin", lists)[Symbol.asyncIterator]();
  const failing = results.next();
  const waiting = results.next();
  await assertRejects(() => failing, RangeError);
  assertEquals(shown(pool, "running"), 0);
  assertEquals(await waiting, { done: true, value: undefined });
});

Deno.test("WorkerPool.map: an abort while the lists are read ends the map", async () => {
  await using pool = poolOf(1);
  const controller = new AbortController();
  const { signal } = controller;
  function* lists() {
    controller.abort(new RangeError("enough"));
    yield [];
  }
  const results = pool.map("never", lists(), { signal });
  await assertRejects(() => collect(results), RangeError, "enough");
  assertEquals(shown(pool, "running"), 0);
});

Deno.test("WorkerPool.map: where leaving the lists fails, the calls are given up, and return() rejects", async () => {
  await using pool = poolOf(1);
  using gate = new Gate();
  const lists: IterableIterator<unknown[]> = {
    [Symbol.iterator]: () => lists,
    next: () => ({ done: false, value: [gate.shared] }),
    return() {
      throw new RangeError("cannot leave");
    },
  };
  const results = pool.map("spin", lists)[Symbol.asyncIterator]();
  const next = results.next();
  await gate.reached();
  const left = results.return!();
  assertEquals(shown(pool, "running"), 0);
  await assertRejects(() => left, RangeError, "cannot leave");
  assertEquals((await next).done, true);
});

Deno.test("WorkerPool.map: an error of a call counts more than one of leaving the lists", async () => {
  await using pool = poolOf(1);
  const lists: IterableIterator<unknown[]> = {
    [Symbol.iterator]: () => lists,
    next: () => ({ done: false, value: [1, 1] }),
    return() {
      throw new TypeError("cannot leave");
    },
  };
  await assertRejects(
    () => collect(pool.map("failAt", lists)),
    RangeError,
    "no 1",
  );
});

for (const giveUp of ["cancel", "abort"] as const) {
  Deno.test(`WorkerPool.map: one ${giveUp} ends it, and gives up the calls under way`, async () => {
    await using pool = poolOf(2);
    using first = new Gate();
    using second = new Gate();
    const gates = [first, second];
    const lists = gates.map((gate) => [gate.shared]);
    const attempt = new Attempt(({ signal }) =>
      collect(pool.map("spin", lists, { signal }))
    );
    for (const gate of gates) await gate.reached();
    attempt[giveUp]();
    await attempt.task;
    assertEquals(
      attempt.outcome,
      giveUp === "cancel" ? "cancelled" : "Aborted",
    );
    assertEquals(shown(pool, "running"), 0);
    assertEquals(await pool.call("double", [1]), 2);
  });
}

Deno.test("WorkerPool.map: refuses what are no lists", async () => {
  await using pool = poolOf(1);
  assertThrows(() => pool.map("double", 1 as never), TypeError, "received 1");
  await assertRejects(
    () => collect(pool.map("double", [1 as never])),
    TypeError,
    "array",
  );
});

// --- close -------------------------------------------------------------------

Deno.test("WorkerPool.close: rejects the calls under way and in line, and later ones", async () => {
  const pool = poolOf(1);
  using gate = new Gate();
  const calls = [pool.call("spin", [gate.shared]), pool.call("double", [1])];
  await gate.reached();
  await pool.close();
  for (const call of calls) {
    await assertRejects(() => call, InvalidStateError, "closed");
  }
  await assertRejects(
    () => pool.call("double", [1]),
    InvalidStateError,
    "closed",
  );
  await pool.close();
});

Deno.test("WorkerPool: ends with the run it was made in", async () => {
  let pool: WorkerPool | undefined;
  await run(async () => {
    pool = poolOf(1);
    assertEquals(await pool.call("double", [1]), 2);
  });
  await assertRejects(
    () => pool!.call("double", [1]),
    InvalidStateError,
    "closed",
  );
});

Deno.test("WorkerPool: made outside, it serves several runs", async () => {
  await using pool = poolOf(1);
  const first = await run(() => pool.call("thread"));
  assertEquals(await run(() => pool.call("thread")), first);
});

Deno.test("WorkerPool: a task shows the call it waits for", async () => {
  await using pool = poolOf(1);
  const task = createTask(() => pool.call("never"));
  await sleep(0);
  assert(Deno.inspect(task).includes("WorkerPool.call never"));
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
});

Deno.test("WorkerPool: a thread that cannot be started is an error of the call", async () => {
  await using pool = new WorkerPool(MODULE, {
    resourceLimits: { stackSizeMb: 1e9 }, // the system has not so much memory
  });
  await assertRejects(() => pool.call("double", [2]), Error, "os error");
  await assertRejects(
    async () => {
      for await (const _ of pool.map("double", [[1], [2]]));
    },
    Error,
    "os error",
  );
  assertEquals(shown(pool, "waiting"), 0);
});

Deno.test("WorkerPool: an error of a getter in an argument is the cause", async () => {
  await using pool = poolOf(1);
  const cause = new RangeError("no x");
  const error = await assertRejects(
    () =>
      pool.call("double", [{
        get x() {
          throw cause;
        },
      }]),
    DOMException,
    "no x",
  );
  assertEquals(error.name, "DataCloneError");
  assertStrictEquals(error.cause, cause);
});
