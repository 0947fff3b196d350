import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { type Lease, Pool, PoolClosedError } from "@asyncio/asyncio/sync";
import { openConnection, startServer } from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { reportsOf } from "../_helpers/reports.ts";
import { virtually } from "../_helpers/virtually.ts";

type Options = Partial<ConstructorParameters<typeof Pool<number>>[0]>;

/** A pool of numbers, and which of them have been destroyed. */
function numbers(options: Options = {}): {
  pool: Pool<number>;
  destroyed: number[];
} {
  let made = 0;
  const destroyed: number[] = [];
  const pool = new Pool<number>({
    create: () => ++made,
    destroy: (resource) => void destroyed.push(resource),
    max: 2,
    ...options,
  });
  return { pool, destroyed };
}

function now(): number {
  return getRunningLoop().time();
}

function begin(pool: Pool<number>): Attempt {
  return new Attempt((options) => pool.acquire(options));
}

function leaseOf(attempt: Attempt): Lease<number> {
  return attempt.value as Lease<number>;
}

type Counts = Record<"size" | "idle" | "waiting", number>;

function counts({ size, idle, waiting }: Counts): number[] {
  return [size, idle, waiting];
}

// --- lending -------------------------------------------------------------------

Deno.test("resources are made when they are needed, and used again", async () => {
  const { pool } = numbers();
  assertEquals(counts(pool), [0, 0, 0]);
  for (let i = 0; i < 5; i++) {
    using lease = await pool.acquire();
    assertEquals(lease.resource, 1);
    assertEquals(counts(pool), [1, 0, 0]);
  }
  assertEquals(counts(pool), [1, 1, 0]);
  await pool.close();
});

Deno.test("at most `max` exist, and the others wait in line", async () => {
  const { pool } = numbers({ max: 2 });
  const attempts = [1, 2, 3, 4].map(() => begin(pool));
  await sleep(0);
  assertEquals(counts(pool), [2, 0, 2]);
  leaseOf(attempts[1]!).release();
  await attempts[2]!.task;
  assertEquals(leaseOf(attempts[2]!).resource, 2);
  leaseOf(attempts[0]!).release();
  await attempts[3]!.task;
  assertEquals(leaseOf(attempts[3]!).resource, 1);
  assertEquals(counts(pool), [2, 0, 0]);
  await pool.close({ timeout: 0 });
});

Deno.test("the resource given back last is given out first", async () => {
  const { pool } = numbers({ max: 3 });
  const leases = [];
  for (let i = 0; i < 3; i++) leases.push(await pool.acquire());
  for (const i of [0, 2, 1]) leases[i]!.release();
  assertEquals((await pool.acquire()).resource, 2);
  assertEquals((await pool.acquire()).resource, 3);
  await pool.close({ timeout: 0 });
});

Deno.test("a newcomer does not get what one that waits was handed", async () => {
  const { pool } = numbers({ max: 1 });
  const lease = await pool.acquire();
  const waiter = begin(pool);
  lease.release();
  assertEquals(counts(pool), [1, 0, 0]);
  const newcomer = begin(pool);
  await waiter.task;
  assertEquals([waiter.outcome, newcomer.outcome], ["value", "pending"]);
  await pool.close({ timeout: 0 });
  await newcomer.task;
});

Deno.test("a lease gives back once, at the end of its block or before", async () => {
  const { pool } = numbers({ max: 1 });
  {
    using lease = await pool.acquire();
    lease.release();
    assertEquals(pool.idle, 1);
  }
  assertEquals(pool.idle, 1);
  const old = await pool.acquire();
  old.release();
  await pool.acquire();
  old.release();
  old.discard();
  assertEquals(counts(pool), [1, 0, 0]);
  await pool.close({ timeout: 0 });
});

Deno.test("a task cancelled right after it was handed a resource gives it back with `using`", async () => {
  const { pool } = numbers({ max: 1 });
  const lease = await pool.acquire();
  const task = createTask(async () => {
    using _ = await pool.acquire();
    await sleep(60_000);
  }, { eager: true });
  lease.release();
  task.cancel();
  await task.catch(() => {});
  assertEquals(counts(pool), [1, 1, 0]);
  await pool.close();
});

Deno.test("a discarded resource is destroyed, and makes room", async () => {
  const { pool, destroyed } = numbers({ max: 1 });
  const lease = await pool.acquire();
  const waiter = begin(pool);
  lease.discard();
  assertEquals(destroyed, [1]);
  await waiter.task;
  assertEquals(leaseOf(waiter).resource, 2);
  await pool.close({ timeout: 0 });
});

// --- making --------------------------------------------------------------------

for (const giveUp of ["cancel", "abort"] as const) {
  Deno.test(`after the ${giveUp} of one that asked, what was made for it goes to the pool`, async () => {
    await virtually(async () => {
      const create = () => sleep(100, { result: 7 });
      const { pool } = numbers({ create });
      const attempt = begin(pool);
      attempt[giveUp]();
      assertEquals(counts(pool), [1, 0, 0]);
      await sleep(100);
      assertEquals(counts(pool), [1, 1, 0]);
      await pool.close();
    });
  });

  Deno.test(`after the ${giveUp} of one that asked, the next one in line gets it`, async () => {
    await virtually(async () => {
      const create = () => sleep(100, { result: now() });
      const { pool } = numbers({ create, max: 1 });
      const first = begin(pool);
      await sleep(50);
      const second = begin(pool);
      first[giveUp]();
      await second.task;
      assertEquals([now(), leaseOf(second).resource], [100, 0]);
      await pool.close({ timeout: 0 });
    });
  });
}

Deno.test("what comes back while one is being made goes to the first in line, and what is made to the pool", async () => {
  await virtually(async () => {
    const create = () => sleep(100, { result: now() });
    const { pool } = numbers({ create });
    const lease = await pool.acquire();
    const attempt = begin(pool);
    lease.release();
    await attempt.task;
    assertEquals([now(), leaseOf(attempt).resource], [100, 0]);
    await sleep(100);
    assertEquals(counts(pool), [2, 1, 0]);
    await pool.close({ timeout: 0 });
  });
});

Deno.test("create runs in a task of its own", async () => {
  await virtually(async () => {
    const names: (string | undefined)[] = [];
    const create = async () => {
      names.push(currentTask()?.name);
      await sleep(10);
      return 1;
    };
    const { pool } = numbers({ create });
    await pool.acquire();
    assertEquals(names, ["Pool.create"]);
    await pool.close({ timeout: 0 });
  });
});

for (
  const [how, create] of [
    ["throws", () => {
      throw new RangeError("no more");
    }],
    ["rejects", () => Promise.reject(new RangeError("no more"))],
  ] as const
) {
  Deno.test(`a create that ${how} fails the first in line, and frees the room`, async () => {
    let fails = true;
    const { pool } = numbers({ create: () => fails ? create() : 5, max: 1 });
    await assertRejects(() => pool.acquire(), RangeError, "no more");
    assertEquals(counts(pool), [0, 0, 0]);
    fails = false;
    assertEquals((await pool.acquire()).resource, 5);
    await pool.close({ timeout: 0 });
  });
}

Deno.test("when create fails, those behind the first have another one made", async () => {
  await virtually(async () => {
    let calls = 0;
    const create = async () => {
      const call = ++calls;
      await sleep(10);
      if (call === 1) throw new RangeError("the first");
      return call;
    };
    const { pool } = numbers({ create, max: 1 });
    const [first, second] = [begin(pool), begin(pool)];
    await second.task;
    assertEquals(first.outcome, "RangeError");
    assertEquals([calls, leaseOf(second).resource], [2, 2]);
    await pool.close({ timeout: 0 });
  });
});

Deno.test("a create that fails when its asker has gone is reported", async () => {
  const reports = await reportsOf(async () => {
    const create = async () => {
      await sleep(1);
      throw new RangeError("too late");
    };
    const { pool } = numbers({ create });
    begin(pool).cancel();
    await sleep(10);
    assertEquals(counts(pool), [0, 0, 0]);
    await pool.close();
  });
  assertEquals(reports.map((it) => (it.error as Error).message), ["too late"]);
});

Deno.test("a thenable that calls back twice makes one resource", async () => {
  const twice = {
    then(fulfilled: (value: number) => void, rejected: (error: Error) => void) {
      fulfilled(7);
      fulfilled(8);
      rejected(new Error("and fails"));
      throw new Error("and throws");
    },
  };
  const create = () => twice as unknown as PromiseLike<number>;
  const { pool, destroyed } = numbers({ create });
  assertEquals((await pool.acquire()).resource, 7);
  assertEquals(counts(pool), [1, 0, 0]);
  await pool.close({ timeout: 0 });
  assertEquals(destroyed, [7]);
});

// --- looking at them -----------------------------------------------------------

for (
  const [how, validate] of [
    ["gives false", (n: number) => n !== 1],
    ["gives false later", (n: number) => sleep(0, { result: n !== 1 })],
    ["throws", (n: number) => {
      if (n === 1) throw new Error("broken");
      return true;
    }],
    ["rejects", async (n: number) => {
      await null;
      if (n === 1) throw new Error("broken");
      return true;
    }],
  ] as [string, (resource: number) => boolean | Promise<boolean>][]
) {
  Deno.test(`a resource for which validate ${how} is destroyed, and another one made`, async () => {
    const { pool, destroyed } = numbers({ validate, max: 1 });
    (await pool.acquire()).release();
    const lease = await pool.acquire();
    assertEquals([lease.resource, destroyed], [2, [1]]);
    lease.release();
    assertEquals((await pool.acquire()).resource, 2);
    await pool.close({ timeout: 0 });
  });
}

Deno.test("what goes from one to the next in line is looked at as well, what was just made is not", async () => {
  const looked: number[] = [];
  const validate = (n: number) => looked.push(n) > 0;
  const { pool } = numbers({ validate, max: 1 });
  const lease = await pool.acquire();
  const next = begin(pool);
  lease.release();
  await next.task;
  assertEquals(looked, [1]);
  await pool.close({ timeout: 0 });
});

Deno.test("one that gives up while its resource is looked at leaves that to the pool", async () => {
  await virtually(async () => {
    const validate = () => sleep(10, { result: true });
    const { pool } = numbers({ validate });
    (await pool.acquire()).release();
    begin(pool).cancel();
    assertEquals(counts(pool), [1, 0, 0]);
    await sleep(10);
    assertEquals(counts(pool), [1, 1, 0]);
    await pool.close();
  });
});

// --- destroying ----------------------------------------------------------------

Deno.test("a resource takes up room until destroy is done", async () => {
  await virtually(async () => {
    const { pool } = numbers({ destroy: () => sleep(50), max: 1 });
    (await pool.acquire()).discard();
    const lease = await pool.acquire();
    assertEquals([now(), lease.resource], [50, 2]);
    await pool.close({ timeout: 0 });
  });
});

for (
  const [how, destroy] of [
    ["throws", () => {
      throw new Error("stuck");
    }],
    ["rejects", () => Promise.reject(new Error("stuck"))],
  ] as const
) {
  Deno.test(`a destroy that ${how} is reported, and frees the room`, async () => {
    const reports = await reportsOf(async () => {
      const { pool } = numbers({ destroy, max: 1 });
      (await pool.acquire()).discard();
      assertEquals((await pool.acquire()).resource, 2);
      await pool.close({ timeout: 0 });
    });
    const errors = reports.map((it) => (it.error as Error).message);
    assertEquals(errors, ["stuck", "stuck"]);
  });
}

Deno.test("idle resources go after idleTimeout, but for `min` of them", async () => {
  await virtually(async () => {
    const options = { max: 5, min: 2, idleTimeout: 100 };
    const { pool, destroyed } = numbers(options);
    const leases = [];
    for (let i = 0; i < 4; i++) leases.push(await pool.acquire());
    for (const lease of leases) {
      lease.release();
      await sleep(10);
    }
    await sleep(59); // 99 since the first came back
    assertEquals(destroyed, []);
    await sleep(12);
    assertEquals(destroyed, [1, 2]);
    await sleep(10_000);
    assertEquals([destroyed, pool.idle], [[1, 2], 2]);
    await pool.close();
  });
});

Deno.test("a pool that is closed keeps no timer for what lay idle in it", async () => {
  const pool = new Pool({ create: () => 1, max: 1, idleTimeout: 1e6 });
  {
    using _ = await pool.acquire();
  }
  await pool.close();
  // The checks of Deno.test fail if a timer is left.
});

Deno.test("a pool whose closing gets a shorter limit keeps no timer of the longer one", async () => {
  const pool = new Pool({ create: () => 1, max: 1 });
  const lease = await pool.acquire();
  const closings = [
    pool.close({ timeout: 1e7 }),
    pool.close({ timeout: 1e6 }),
  ];
  lease.release();
  await Promise.all(closings);
  // The checks of Deno.test fail if a timer is left.
});

Deno.test("idleTimeout counts from the last time that a resource was used", async () => {
  await virtually(async () => {
    const { pool, destroyed } = numbers({ idleTimeout: 100 });
    for (let i = 0; i < 5; i++) {
      (await pool.acquire()).release();
      await sleep(99);
    }
    assertEquals(destroyed, []);
    await sleep(1);
    assertEquals(destroyed, [1]);
    await pool.close();
  });
});

Deno.test("a resource is not given out after maxLifetime, but destroyed: when it comes back, or where it lies", async () => {
  await virtually(async () => {
    const { pool, destroyed } = numbers({ min: 2, maxLifetime: 100 });
    const [a, b] = [await pool.acquire(), await pool.acquire()];
    b.release();
    await sleep(100);
    assertEquals(destroyed, [2]);
    assertEquals(counts(pool), [1, 0, 0]);
    a.release();
    assertEquals(destroyed, [2, 1]);
    assertEquals((await pool.acquire()).resource, 3);
    await pool.close({ timeout: 0 });
  });
});

// --- closing -------------------------------------------------------------------

Deno.test("closing destroys idle resources, waits for lent ones, and rejects waiting and later calls", async () => {
  await virtually(async () => {
    const { pool, destroyed } = numbers({ max: 2 });
    const [a, b] = [await pool.acquire(), await pool.acquire()];
    const waiting = begin(pool);
    const closing = pool.close();
    await waiting.task;
    assertEquals(waiting.outcome, "PoolClosedError");
    await assertRejects(() => pool.acquire(), PoolClosedError);
    a.release();
    assertEquals(destroyed, [1]);
    createTask(async () => {
      await sleep(100);
      b.discard();
    });
    await closing;
    assertEquals([now(), destroyed], [100, [1, 2]]);
    assertEquals(
      Deno.inspect(pool),
      "Pool { size: 0, idle: 0, waiting: 0, closed: true }",
    );
    await pool.close(); // harmless
  });
});

Deno.test("closing with a timeout destroys what is lent when the time is up", async () => {
  await virtually(async () => {
    const { pool, destroyed } = numbers();
    const lease = await pool.acquire();
    await pool.close({ timeout: 50 });
    assertEquals([now(), destroyed], [50, [1]]);
    lease.release();
    lease.discard();
    assertEquals(destroyed, [1]);
    await sleep(1000); // and no timer is left
  });
});

Deno.test("the shortest timeout of several calls to close counts", async () => {
  await virtually(async () => {
    const { pool } = numbers();
    await pool.acquire();
    const first = pool.close({ timeout: 5000 });
    const second = pool.close({ timeout: 50 });
    const third = pool.close();
    await Promise.all([first, second, third]);
    assertEquals(now(), 50);
  });
});

Deno.test("closing waits for destroy, also when the time is up", async () => {
  await virtually(async () => {
    const { pool } = numbers({ destroy: () => sleep(100) });
    await pool.acquire();
    await pool.close({ timeout: 0 });
    assertEquals(now(), 100);
  });
});

Deno.test("what is being made when the pool is closed is destroyed at once", async () => {
  await virtually(async () => {
    const create = () => sleep(100, { result: 1 });
    const { pool, destroyed } = numbers({ create });
    const attempt = begin(pool);
    await pool.close();
    assertEquals([now(), destroyed], [100, [1]]);
    assertEquals(attempt.outcome, "PoolClosedError");
  });
});

Deno.test("a timeout cancels what is being made, and does not wait where that is ignored", async () => {
  const thrown: unknown[] = [];
  const late = new Future<number>();
  const makers = [
    () => sleep(60_000, { result: 1 }),
    () =>
      new Promise<number>((resolve) => late.addDoneCallback(() => resolve(2))),
  ];
  const create = async () => {
    try {
      return await makers.shift()!();
    } catch (error) {
      thrown.push(error);
      throw error;
    }
  };
  const { pool, destroyed } = numbers({ create });
  const attempts = [begin(pool), begin(pool)];
  await sleep(0);
  await pool.close({ timeout: 0 });
  assert(thrown[0] instanceof CancelledError);
  late.setResult(0);
  await sleep(0);
  await sleep(0);
  assertEquals(destroyed, [2]);
  assertEquals(attempts.map((it) => it.outcome), [
    "PoolClosedError",
    "PoolClosedError",
  ]);
});

Deno.test("a close that is cancelled leaves the pool closing", async () => {
  await virtually(async () => {
    const { pool, destroyed } = numbers();
    const lease = await pool.acquire();
    const task = createTask(() => pool.close({ timeout: 100 }), {
      eager: true,
    });
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    await assertRejects(() => pool.acquire(), PoolClosedError);
    await sleep(99);
    assertEquals(destroyed, []);
    await sleep(1);
    assertEquals(destroyed, [1]);
    lease.release();
  });
});

Deno.test("disposing a pool waits for no lease", async () => {
  const { pool, destroyed } = numbers();
  {
    await using it = pool;
    await it.acquire();
  }
  assertEquals(destroyed, [1]);
});

Deno.test("a pool ends with its run, and debug mode tells that it was left open", async () => {
  const all: number[][] = [];
  const reports = await reportsOf(async () => {
    getRunningLoop().debug = true;
    const { pool, destroyed } = numbers();
    all.push(destroyed);
    (await pool.acquire()).release();
    void pool.acquire();
    await sleep(0);
  });
  assertEquals(all, [[1]]);
  const messages = reports.map((it) => it.message).join("\n");
  assert(messages.includes("a Pool is left open"), messages);
});

Deno.test("a lease that a task leaves behind is reported in debug mode", async () => {
  const reports = await reportsOf(async () => {
    getRunningLoop().debug = true;
    await using pool = numbers().pool;
    await createTask(async () => void await pool.acquire(), { name: "leaver" });
  });
  const messages = reports.map((it) => it.message).join("\n");
  assert(messages.includes('"leaver" has ended, and still holds a lease'));
});

Deno.test("a pool that outlives a run keeps what was made in it", async () => {
  const { pool } = numbers();
  const resource = await run(async () => {
    using lease = await pool.acquire();
    return lease.resource;
  });
  const lease = await run(() => pool.acquire());
  assertStrictEquals(lease.resource, resource);
  lease.release();
  await pool.close();
});

// --- arguments and state -------------------------------------------------------

Deno.test("what can't be a pool is refused", () => {
  const create = () => 1;
  const make = (options: unknown) => () =>
    new Pool(options as { create: () => number; max: number });
  for (
    const options of [
      undefined,
      {},
      { create: 1, max: 1 },
      { create },
      { create, max: "1" },
      { create, max: 1, min: "0" },
      { create, max: 1, destroy: 1 },
      { create, max: 1, validate: 1 },
      { create, max: 1, idleTimeout: "1" },
    ]
  ) assertThrows(make(options), TypeError);
  for (
    const options of [
      { create, max: 0 },
      { create, max: 1.5 },
      { create, max: NaN },
      { create, max: 1, min: -1 },
      { create, max: 1, min: 2 },
      { create, max: 1, idleTimeout: NaN },
      { create, max: 1, maxLifetime: NaN },
    ]
  ) assertThrows(make(options), RangeError);
});

Deno.test("a timeout that is none leaves the pool open", async () => {
  const { pool } = numbers();
  await assertRejects(() => pool.close({ timeout: NaN }), RangeError);
  const timeout = "1" as unknown as number;
  await assertRejects(() => pool.close({ timeout }), TypeError);
  (await pool.acquire()).release();
  await pool.close();
});

Deno.test("a pool and a lease show their state", async () => {
  const { pool } = numbers({ max: 1 });
  const lease = await pool.acquire();
  const waiting = begin(pool);
  assertEquals(Deno.inspect(pool), "Pool { size: 1, idle: 0, waiting: 1 }");
  assertEquals(Deno.inspect(lease), "PoolLease { resource: 1, held: true }");
  lease.release();
  assertEquals(Deno.inspect(lease), "PoolLease { resource: 1, held: false }");
  await waiting.task;
  await pool.close({ timeout: 0 });
});

// --- the real thing ------------------------------------------------------------

Deno.test("a pool of TCP connections: few of them serve many, broken ones are replaced, all are closed", async () => {
  await run(async () => {
    let served = 0;
    await using server = await startServer(async (reader, writer) => {
      served++;
      for await (const line of reader.lines()) {
        if (line === "quit") break;
        writer.write(`${line}\n`);
        await writer.drain();
      }
      writer.close();
    }, { hostname: "127.0.0.1", port: 0 });
    const { port } = server.addresses[0] as Deno.NetAddr;
    await using pool = new Pool({
      create: () => openConnection({ hostname: "127.0.0.1", port }),
      destroy: async ({ writer }) => {
        writer.close();
        await writer.waitClosed();
      },
      validate: ({ writer, reader }) => !writer.isClosing && !reader.atEof,
      max: 3,
    });
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        using lease = await pool.acquire();
        const { reader, writer } = lease.resource;
        writer.write(`${i}\n`);
        return Number(new TextDecoder().decode(await reader.readLine()));
      }),
    );
    assertEquals(answers, Array.from({ length: 30 }, (_, i) => i));
    assertEquals([served, counts(pool)], [3, [3, 3, 0]]);
    {
      using lease = await pool.acquire();
      lease.resource.writer.write("quit\n");
      assertEquals((await lease.resource.reader.read()).length, 0);
    }
    using lease = await pool.acquire();
    lease.resource.writer.write("again\n");
    assert((await lease.resource.reader.readLine()).length > 0);
    assertFalse(lease.resource.writer.isClosing);
  });
});

Deno.test("a destroy that aborts the signal of the acquire that calls it ends that acquire", () =>
  virtually(async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const late = createTask(async () => {
      await sleep(100); // in the turn in which the resource is too old
      return pool.acquire({ signal });
    });
    await sleep(0);
    let made = 0;
    const pool = new Pool<number>({
      create: () => made++ === 0 ? made : sleep(1e6, { result: made }),
      destroy: () => controller.abort(new RangeError("enough")),
      max: 1,
      maxLifetime: 100,
    });
    (await pool.acquire()).release();
    await assertRejects(async () => await late, RangeError, "enough");
    assertEquals(now(), 100);
    await pool.close({ timeout: 0 });
  }));
