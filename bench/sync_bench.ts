/**
 * What locks, semaphores and their kin cost, beside awaiting a promise that is
 * resolved already. Each benchmark does it 1000 times: a microsecond shown is a
 * nanosecond a time.
 *
 * ```sh
 * deno bench -A $(deno run -A tests/std_source.ts) bench/sync_bench.ts
 * ```
 *
 * @module
 */
import {
  Barrier,
  Condition,
  Event,
  Lock,
  Pool,
  RateLimiter,
  ReadWriteLock,
  Semaphore,
  SingleFlight,
} from "@asyncio/asyncio/sync";

const TIMES = 1_000;

/**
 * As small as a guard: resolving a promise with an object costs more than with
 * a number.
 */
class Guard {
  readonly lock: object;

  constructor(lock: object) {
    this.lock = lock;
  }
}

Deno.bench({
  name: "await of a resolved promise of a fresh guard",
  group: "uncontended",
  baseline: true,
  async fn() {
    const lock = {};
    for (let i = 0; i < TIMES; i++) await Promise.resolve(new Guard(lock));
  },
});

Deno.bench({
  name: "await of a resolved promise of a number",
  group: "uncontended",
  async fn() {
    for (let i = 0; i < TIMES; i++) await Promise.resolve(i);
  },
});

Deno.bench({
  name: "Lock: acquire, release",
  group: "uncontended",
  async fn() {
    const lock = new Lock();
    for (let i = 0; i < TIMES; i++) {
      await lock.acquire();
      lock.release();
    }
  },
});

Deno.bench({
  name: "Semaphore: acquire, dispose the guard",
  group: "uncontended",
  async fn() {
    const semaphore = new Semaphore(3);
    for (let i = 0; i < TIMES; i++) {
      const guard = await semaphore.acquire();
      guard[Symbol.dispose]();
    }
  },
});

Deno.bench({
  name: "Lock: using (most of it is the language's own cost)",
  group: "uncontended",
  async fn() {
    const lock = new Lock();
    for (let i = 0; i < TIMES; i++) {
      using _ = await lock.acquire();
    }
  },
});

Deno.bench({
  name: "Event: wait, set",
  group: "uncontended",
  async fn() {
    const event = new Event();
    event.set();
    for (let i = 0; i < TIMES; i++) await event.wait();
  },
});

Deno.bench({
  name: "ReadWriteLock: read, release the guard",
  group: "uncontended",
  async fn() {
    const lock = new ReadWriteLock();
    for (let i = 0; i < TIMES; i++) (await lock.read()).release();
  },
});

Deno.bench({
  name: "RateLimiter: acquire",
  group: "uncontended",
  async fn() {
    const limiter = new RateLimiter({ limit: 1e9, interval: 1000 });
    for (let i = 0; i < TIMES; i++) await limiter.acquire();
  },
});

Deno.bench({
  name: "await of a resolved promise, and a look at the clock",
  group: "uncontended",
  async fn() {
    for (let i = 0; i < TIMES; i++) await Promise.resolve(performance.now());
  },
});

Deno.bench({
  name: "Pool: acquire, release",
  group: "uncontended",
  async fn() {
    const pool = new Pool({ create: () => ({}), max: 3 });
    for (let i = 0; i < TIMES; i++) (await pool.acquire()).release();
    await pool.close();
  },
});

Deno.bench({
  name: "a chain of bare promises: 10 take turns",
  group: "waiting in line",
  baseline: true,
  async fn() {
    let chain = Promise.resolve();
    const hold = () => {};
    const work = async () => {
      for (let i = 0; i < TIMES / 10; i++) await (chain = chain.then(hold));
    };
    await Promise.all(Array.from({ length: 10 }, work));
  },
});

Deno.bench({
  name: "Lock: 10 take turns",
  group: "waiting in line",
  async fn() {
    const lock = new Lock();
    const work = async () => {
      for (let i = 0; i < TIMES / 10; i++) {
        await lock.acquire();
        await null; // or no call would have to wait
        lock.release();
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
  },
});

Deno.bench({
  name: "Semaphore(3): 10 take turns",
  group: "waiting in line",
  async fn() {
    const semaphore = new Semaphore(3);
    const work = async () => {
      for (let i = 0; i < TIMES / 10; i++) {
        await semaphore.acquire();
        await null;
        semaphore.release();
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
  },
});

Deno.bench({
  name: "Semaphore(3): 10 take turns, with 1 to 3 permits",
  group: "waiting in line",
  async fn() {
    const semaphore = new Semaphore(3);
    const work = async (_: unknown, permits: number) => {
      for (let i = 0; i < TIMES / 10; i++) {
        const guard = await semaphore.acquire({ permits: 1 + permits % 3 });
        await null;
        guard.release();
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
  },
});

Deno.bench({
  name: "ReadWriteLock: 10 take turns, one of them writes",
  group: "waiting in line",
  async fn() {
    const lock = new ReadWriteLock();
    const work = async (_: unknown, k: number) => {
      for (let i = 0; i < TIMES / 10; i++) {
        const guard = await (k === 0 ? lock.write() : lock.read());
        await null;
        guard.release();
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
  },
});

Deno.bench({
  name: "Pool of 3: 10 take turns",
  group: "waiting in line",
  async fn() {
    const pool = new Pool({ create: () => ({}), max: 3 });
    const work = async () => {
      for (let i = 0; i < TIMES / 10; i++) {
        const lease = await pool.acquire();
        await null;
        lease.release();
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
    await pool.close();
  },
});

Deno.bench({
  name: "SingleFlight: 10 at a time for the same key",
  group: "waiting in line",
  async fn() {
    const flights = new SingleFlight<string, number>();
    const work = async () => {
      for (let i = 0; i < TIMES / 10; i++) {
        await flights.run("key", async () => {
          await null;
          return i;
        });
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
  },
});

Deno.bench({
  name: "Condition: two notify each other",
  group: "waiting in line",
  async fn() {
    const condition = new Condition();
    let turn = 0;
    const work = async (mine: number) => {
      await condition.acquire();
      for (let i = 0; i < TIMES / 2; i++) {
        while (turn !== mine) await condition.wait();
        turn = 1 - mine;
        condition.notify();
      }
      condition.release();
    };
    await Promise.all([work(0), work(1)]);
  },
});

Deno.bench({
  name: "Barrier: 10 parties",
  group: "waiting in line",
  async fn() {
    const barrier = new Barrier(10);
    const work = async () => {
      for (let i = 0; i < TIMES / 10; i++) await barrier.wait();
    };
    await Promise.all(Array.from({ length: 10 }, work));
  },
});
