// deno-lint-ignore-file no-import-prefix
import * as Effect from "npm:effect@4.1.0/Effect";
import * as Fiber from "npm:effect@4.1.0/Fiber";
import * as Order from "npm:effect@4.1.0/Order";
import * as PubSub from "npm:effect@4.1.0/PubSub";
import * as Queue from "npm:effect@4.1.0/Queue";
import * as Semaphore from "npm:effect@4.1.0/Semaphore";
import * as Stream from "npm:effect@4.1.0/Stream";
import * as TxPriorityQueue from "npm:effect@4.1.0/TxPriorityQueue";
import { increment, numbers } from "../items.ts";
import { check, serve } from "../serve.ts";
import { priorityOf, sleepTime, weightOf } from "../works.ts";

const together = { concurrency: "unbounded" } as const;

function times<T>(count: number, make: (k: number) => T): T[] {
  return Array.from({ length: count }, (_, k) => make(k));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** Runs what is written as a generator. */
function go(
  body: () => Generator<Effect.Effect<unknown>, void, never>,
): Promise<void> {
  return Effect.runPromise(Effect.gen(body));
}

/** An async function, as everywhere: what is none, Effect calls without a fiber that waits. */
const one = Effect.promise(() => Promise.resolve(1));

function handOver(units: number, pairs: number): Promise<void> {
  return go(function* () {
    const queue = yield* Queue.bounded<number>(100);
    const share = units / pairs;
    let received = 0;
    const produce = Effect.gen(function* () {
      for (let i = 0; i < share; i++) yield* Queue.offer(queue, 1);
    });
    const consume = Effect.gen(function* () {
      for (let i = 0; i < share; i++) {
        const item = yield* Queue.take(queue);
        received += item;
      }
    });
    yield* Effect.all(times(pairs, () => [produce, consume]).flat(), together);
    check(received, units);
  });
}

function sleeps(units: number): Promise<unknown> {
  const all = times(units, (k) => Effect.sleep(sleepTime(k)));
  return Effect.runPromise(Effect.all(all, together));
}

await serve("Effect 4.1.0", {
  async gather(units) {
    const all = Effect.all(times(units, () => one), together);
    check(sum(await Effect.runPromise(all)), units);
  },

  group: (units) =>
    go(function* () {
      const fibers = [];
      for (let i = 0; i < units; i++) fibers.push(yield* Effect.forkChild(one));
      check(sum(yield* Fiber.joinAll(fibers)), units);
    }),

  sleep0_shared(units) {
    const task = Effect.gen(function* () {
      for (let i = 0; i < units / 100; i++) yield* Effect.yieldNow;
    });
    return Effect.runPromise(Effect.all(times(100, () => task), together));
  },

  sleep0_alone: (units) =>
    go(function* () {
      for (let i = 0; i < units; i++) yield* Effect.yieldNow;
    }),

  queue: (units) => handOver(units, 1),

  queue_10: (units) => handOver(units, 10),

  ping_pong: (units) =>
    go(function* () {
      const ping = yield* Queue.unbounded<number>();
      const pong = yield* Queue.unbounded<number>();
      let last = 0;
      const there = Effect.gen(function* () {
        for (let i = 1; i <= units; i++) {
          yield* Queue.offer(ping, i);
          last = yield* Queue.take(pong);
        }
      });
      const back = Effect.gen(function* () {
        for (let i = 1; i <= units; i++) {
          yield* Queue.offer(pong, yield* Queue.take(ping));
        }
      });
      yield* Effect.all([there, back], together);
      check(last, units);
    }),

  priority: (units) =>
    go(function* () {
      const queue = yield* TxPriorityQueue.empty(Order.Number);
      for (let i = 0; i < units; i++) {
        yield* TxPriorityQueue.offer(queue, priorityOf(i, units));
      }
      for (let i = 0; i < units; i++) {
        check(yield* TxPriorityQueue.take(queue), i);
      }
    }),

  lock: (units) =>
    go(function* () {
      const lock = yield* Semaphore.make(1);
      for (let i = 0; i < units; i++) {
        yield* lock.take(1);
        yield* lock.release(1);
      }
    }),

  lock_held: (units) =>
    go(function* () {
      const lock = yield* Semaphore.make(1);
      const task = Effect.gen(function* () {
        for (let i = 0; i < units / 10; i++) {
          yield* lock.withPermits(1)(Effect.yieldNow);
        }
      });
      yield* Effect.all(times(10, () => task), together);
    }),

  semaphore: (units) =>
    go(function* () {
      const semaphore = yield* Semaphore.make(10);
      const task = semaphore.withPermits(1)(Effect.yieldNow);
      yield* Effect.all(times(units, () => task), together);
    }),

  limit: (units) =>
    Effect.runPromise(
      Effect.all(times(units, () => Effect.yieldNow), { concurrency: 10 }),
    ),

  weighted: (units) =>
    go(function* () {
      const semaphore = yield* Semaphore.make(10);
      const tasks = times(
        units,
        (k) => semaphore.withPermits(weightOf(k))(Effect.yieldNow),
      );
      yield* Effect.all(tasks, together);
    }),

  broadcast: (units) =>
    go(function* () {
      const broadcast = yield* PubSub.bounded<number>(100);
      let received = 0;
      const subscriber = Effect.gen(function* () {
        const subscription = yield* PubSub.subscribe(broadcast);
        for (let i = 0; i < units; i++) {
          const item = yield* PubSub.take(subscription);
          received += item;
        }
      });
      const publisher = Effect.gen(function* () {
        for (let i = 0; i < units; i++) yield* PubSub.publish(broadcast, 1);
      });
      const subscribers = times(100, () => Effect.scoped(subscriber));
      yield* Effect.all([...subscribers, publisher], together);
      check(received, 100 * units);
    }),

  sleeps,

  sleeping_tasks: sleeps, // Effect.all makes a fiber of each

  async map(units) {
    const items = Stream.fromIterable(numbers(units)).pipe(
      Stream.mapEffect((item) => Effect.promise(() => increment(item)), {
        concurrency: 10,
      }),
    );
    const add = (sum: number, item: number) => sum + item;
    check(await Effect.runPromise(Stream.runFold(items, () => 0, add)), units);
  },

  wait_for: (units) =>
    go(function* () {
      let done = 0;
      for (let i = 0; i < units; i++) {
        done += yield* Effect.orDie(Effect.timeout(one, 60_000));
      }
      check(done, units);
    }),

  race: (units) =>
    go(function* () {
      const idle = yield* Queue.unbounded<number>();
      const queue = yield* Queue.unbounded<number>();
      let done = 0;
      for (let i = 0; i < units; i++) {
        const first = yield* Effect.forkChild(
          Effect.raceFirst(Queue.take(idle), Queue.take(queue)),
          { startImmediately: true },
        );
        yield* Queue.offer(queue, 1);
        done += yield* Fiber.join(first);
      }
      check(done, units);
    }),

  cancel: (units) =>
    go(function* () {
      const fibers: Fiber.Fiber<void>[] = [];
      for (let i = 0; i < units; i++) {
        fibers.push(yield* Effect.forkChild(Effect.sleep(60_000)));
      }
      yield* Effect.yieldNow;
      yield* Fiber.interruptAll(fibers);
      const ends = yield* Fiber.awaitAll(fibers);
      check(ends.filter((end) => end._tag === "Failure").length, units);
    }),
});
