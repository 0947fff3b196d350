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
  Semaphore,
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
  group: "nobody waits",
  baseline: true,
  async fn() {
    const lock = {};
    for (let i = 0; i < TIMES; i++) await Promise.resolve(new Guard(lock));
  },
});

Deno.bench({
  name: "await of a resolved promise of a number",
  group: "nobody waits",
  async fn() {
    for (let i = 0; i < TIMES; i++) await Promise.resolve(i);
  },
});

Deno.bench({
  name: "Lock: acquire, release",
  group: "nobody waits",
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
  group: "nobody waits",
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
  group: "nobody waits",
  async fn() {
    const lock = new Lock();
    for (let i = 0; i < TIMES; i++) {
      using _ = await lock.acquire();
    }
  },
});

Deno.bench({
  name: "Event: wait, set",
  group: "nobody waits",
  async fn() {
    const event = new Event();
    event.set();
    for (let i = 0; i < TIMES; i++) await event.wait();
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
        await null; // or nobody would have to wait
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
