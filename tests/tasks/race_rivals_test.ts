/**
 * Branches of one race of which one lets the other happen: also of these exactly
 * one has happened.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Broadcast,
  PriorityQueue,
  Queue,
  QueueShutDownError,
} from "@asyncio/asyncio/queue";
import { Condition, Lock, Pool, Semaphore } from "@asyncio/asyncio/sync";
import {
  any,
  type Awaitable,
  CancelledError,
  createTask,
  gather,
  race,
  select,
  sleep,
  timeout,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { Random } from "../_helpers/random.ts";
import { virtually } from "../_helpers/virtually.ts";
import { shown } from "../_helpers/waiting_rules.ts";

/** What waits for one of several branches, and gives what that gave. */
const COMBINATORS: Record<
  string,
  (branches: (() => Promise<unknown>)[]) => Promise<unknown>
> = {
  race: (branches) => race(branches),
  any: (branches) => any(branches),
  select: async ([first, second]) =>
    (await select({ first: first!, second: second! })).value,
};

Deno.test("a notified wait ends the other branches before it has its lock again", () =>
  virtually(async () => {
    const condition = new Condition();
    let hasEnded = false;
    const task = createTask(async () => {
      using _ = await condition.acquire();
      return await race<unknown>([() => condition.wait(), async () => {
        try {
          await sleep(1000);
        } finally {
          hasEnded = true;
        }
      }]);
    });
    await sleep(0);
    const guard = await condition.acquire();
    condition.notify();
    await sleep(0);
    assertEquals([hasEnded, task.done], [true, false]);
    guard.release();
    assertEquals(await task, true);
  }));

/** A queue with room for `items` and no more. */
function full(...items: string[]): Queue<string> {
  const queue = new Queue<string>(items.length);
  for (const item of items) queue.putNowait(item);
  return queue;
}

function rest<T>(queue: Queue<T>): T[] {
  const items: T[] = [];
  while (!queue.empty) items.push(queue.getNowait());
  return items;
}

for (const [name, start] of Object.entries(COMBINATORS)) {
  Deno.test(`${name}: a get takes from a full queue, and its own put is given up`, () =>
    virtually(async () => {
      const queue = full("old");
      const first = start([() => queue.put("new"), () => queue.get()]);
      assertEquals(shown(queue, "putters"), 0);
      assertEquals(rest(queue), []);
      assertEquals(await first, "old");
    }));

  Deno.test(`${name}: a put into an empty queue is not what its own get takes`, () =>
    virtually(async () => {
      const queue = new Queue<string>();
      const first = start([() => queue.get(), () => queue.put("new")]);
      assertEquals(shown(queue, "getters"), 0);
      assertEquals(queue.size, 1);
      assertEquals(await first, undefined);
      assertEquals(rest(queue), ["new"]);
    }));
}

Deno.test("the place that a get makes goes to the next put in line", () =>
  virtually(async () => {
    const queue = full("old");
    const ours = race([() => queue.put("ours"), () => queue.get()]);
    assertEquals(await ours, "old");
    const waiting = full("1", "2");
    const before = createTask(() => waiting.put("before"));
    await sleep(0);
    const racing = race([
      () => waiting.put("ours"),
      () => {
        const after = waiting.put("after"); // left behind, behind `ours`
        after.catch(() => {});
        waiting.getNowait();
        return waiting.get();
      },
    ]);
    assertEquals(await racing, "2");
    await before;
    assertEquals(rest(waiting), ["before", "after"]);
  }));

Deno.test("an item that a put brings goes to the next get in line", () =>
  virtually(async () => {
    const queue = new Queue<string>();
    let behind!: Promise<string>;
    const racing = race<unknown>([
      () => queue.get(),
      () => {
        behind = queue.get();
        return queue.put("item");
      },
    ]);
    assertEquals(await racing, undefined);
    assertEquals(await behind, "item");
  }));

Deno.test("a wait that was handed over is a rival, too", () =>
  virtually(async () => {
    const queue = full("old");
    const put = queue.put("new");
    put.catch(() => {});
    assertEquals(await race([put, () => queue.get()]), "old");
    assertEquals(rest(queue), []);
  }));

/** Branches around the second wait, in which it is all that they do. */
const WRAPPED: Record<
  string,
  (wait: () => Promise<string>) => Awaitable<string>
> = {
  "a timeout": (wait) => () => timeout(1000, wait),
  "waitFor": (wait) => () => waitFor(wait(), 1000),
  "a race": (wait) => () => race([() => sleep(9, { result: "time" }), wait]),
  "two races": (wait) => () => race([() => race([wait])]),
  "any": (wait) => () => any([wait]),
};

for (const [name, wrap] of Object.entries(WRAPPED)) {
  Deno.test(`a get within ${name} takes from a full queue, and its own put is given up`, () =>
    virtually(async () => {
      const queue = full("old");
      const first = race<unknown>([
        () => queue.put("new"),
        wrap(() => queue.get()) as () => Promise<string>,
      ]);
      assertEquals(await first, "old");
      assertEquals([rest(queue), shown(queue, "putters")], [[], 0]);
    }));

  Deno.test(`a put within ${name} is given up when its rival takes from the full queue`, () =>
    virtually(async () => {
      const queue = full("old");
      const first = race<unknown>([
        wrap(() => queue.put("new") as never) as () => Promise<string>,
        () => queue.get(),
      ]);
      assertEquals(await first, "old");
      assertEquals([rest(queue), shown(queue, "putters")], [[], 0]);
    }));
}

Deno.test("a rival inside the same inner race is one, too", () =>
  virtually(async () => {
    const queue = full("old");
    const first = race<unknown>([
      () => sleep(9),
      () => race<unknown>([() => queue.put("new"), () => queue.get()]),
    ]);
    assertEquals([await first, rest(queue)], ["old", []]);
  }));

Deno.test("a get of one race lets in the put of another", () =>
  virtually(async () => {
    const queue = full("old");
    const putting = race<unknown>([() => queue.put("new"), () => sleep(9)]);
    const getting = race<unknown>([() => sleep(9), () => queue.get()]);
    assertEquals(await gather([getting, putting]), ["old", undefined]);
    assertEquals(rest(queue), ["new"]);
  }));

Deno.test("a get that is not all that a branch does lets the put happen", () =>
  virtually(async () => {
    const queue = full("old");
    const steps: string[] = [];
    const first = race<unknown>([
      () => queue.put("new", {}).then(() => "put"),
      () => queue.put("newer"),
      async () => {
        steps.push(await queue.get());
        await sleep(1000);
      },
    ]);
    assertEquals([await first, steps], ["put", ["old"]]);
    assertEquals(rest(queue), ["new"]);
  }));

Deno.test("a function that takes at once and returns is what has happened", () =>
  virtually(async () => {
    const queue = full("old");
    const first = race<unknown>([
      () => queue.put("new"),
      () => queue.getNowait(),
    ]);
    assertEquals([await first, rest(queue)], ["old", []]);
  }));

Deno.test("a function that takes and fails does not decide for any, and the put happens", () =>
  virtually(async () => {
    const queue = full("old");
    const first = any<unknown>([
      () => queue.put("new").then(() => "put"),
      () => {
        queue.getNowait();
        throw new Error("dropped");
      },
    ]);
    assertEquals([await first, rest(queue)], ["put", ["new"]]);
  }));

Deno.test("a priority queue gives the first, and the put is given up", () =>
  virtually(async () => {
    const queue = new PriorityQueue<number>(2);
    for (const item of [5, 7]) queue.putNowait(item);
    const first = race<unknown>([() => queue.put(1), () => queue.get()]);
    assertEquals([await first, queue.size], [5, 1]);
  }));

Deno.test("a lock that a branch releases goes to its rival or is free, never both", () =>
  virtually(async () => {
    const lock = new Lock();
    await lock.acquire();
    const guard = await race<unknown>([
      () => lock.acquire(),
      () => lock.release(),
    ]);
    assertEquals(lock.locked, guard !== undefined);
  }));

Deno.test("a branch whose rival gets what it releases takes nothing more", () =>
  virtually(async () => {
    const lock = new Lock();
    await lock.acquire();
    const queue = full("old");
    const first = await race<unknown>([
      () => lock.acquire(),
      () => {
        lock.release();
        return queue.get();
      },
    ]);
    assertEquals(lock.locked, first !== "old");
    assertEquals(queue.size, first === "old" ? 0 : 1);
  }));

Deno.test("of two acquires of one semaphore exactly one has happened", () =>
  virtually(async () => {
    const semaphore = new Semaphore(1);
    using _ = await race([
      () => semaphore.acquire(),
      () => semaphore.acquire(),
    ]);
    assertEquals(semaphore.value, 0);
    const next = race([() => semaphore.acquire(), () => semaphore.acquire()]);
    semaphore.release();
    await next;
    assertEquals([semaphore.value, shown(semaphore, "waiting")], [0, 0]);
  }));

Deno.test("of several gets of one queue exactly one has happened", () =>
  virtually(async () => {
    const queue = new Queue<string>();
    const racing = race([() => queue.get(), () => queue.get(), queue.get()]);
    queue.putNowait("a");
    queue.putNowait("b");
    assertEquals([await racing, rest(queue)], ["a", ["b"]]);
  }));

Deno.test("a subscription's own publisher is its rival", () =>
  virtually(async () => {
    const news = new Broadcast<string>();
    using subscription = news.subscribe({ maxSize: 1 });
    const first = race<unknown>([
      () => subscription.get(),
      () => news.publish("a"),
    ]);
    assertEquals(await first, undefined);
    const second = race<unknown>([
      () => news.publish("b"),
      () => subscription.get(),
    ]);
    assertEquals(await second, "a");
    await news.publish("c"); // there is room
    assertEquals(await subscription.get(), "c");
  }));

Deno.test("of what a branch publishes its rival gets the first, and what has no room is given up", () =>
  virtually(async () => {
    const news = new Broadcast<string>();
    using subscription = news.subscribe({ maxSize: 1 });
    let late: Promise<void> | undefined;
    const first = race<unknown>([() => subscription.get(), () => {
      news.publish("a");
      late = news.publish("b");
      return sleep(1000);
    }]);
    assertEquals(await first, "a");
    await assertRejects(() => late!, CancelledError);
    await news.publish("c");
    assertEquals(await subscription.get(), "c");
  }));

Deno.test("a reader that was released in line behind a get changes no order", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const { readable } = queue;
    await sleep(0); // the stream has started: its reads get in line at once
    const first = race<unknown>([() => queue.get(), async () => {
      const reader = readable.getReader();
      const read = assertRejects(() => reader.read(), TypeError);
      reader.releaseLock();
      for (const item of [1, 2, 3]) queue.putNowait(item);
      await read;
      await sleep(1000);
    }]);
    assertEquals([await first, rest(queue)], [1, [2, 3]]);
  }));

Deno.test("an item that is put before a shutdown is given to the get that waits", () =>
  virtually(async () => {
    const queue = new Queue<string>();
    const first = race<unknown>([() => queue.get(), async () => {
      queue.putNowait("last");
      queue.shutdown();
      await sleep(1000);
    }]);
    assertEquals(await first, "last");
    await assertRejects(() => queue.get(), QueueShutDownError);
  }));

Deno.test("a put gets the room that a branch makes that goes on", () =>
  virtually(async () => {
    const queue = new Queue<number>(1);
    queue.putNowait(1);
    const first = race<unknown>([() => queue.put(2), () => {
      queue.getNowait();
      return sleep(1000, { result: "late" });
    }]);
    assertEquals([await first, rest(queue)], [undefined, [2]]);
  }));

Deno.test("a get rejects if a branch shuts the queue down and takes what is left", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const first = race<unknown>([() => queue.get(), () => {
      queue.putNowait(1);
      queue.shutdown();
      queue.getNowait();
      return sleep(1000);
    }]);
    await assertRejects(() => first, QueueShutDownError);
  }));

Deno.test("a get fails with what the order of a queue throws, and no item is lost", () =>
  virtually(async () => {
    let fails = false;
    const queue = new PriorityQueue<number>(0, {
      compare: (a, b) => {
        if (fails) throw new RangeError("no order");
        return a - b;
      },
    });
    const first = race<unknown>([() => queue.get(), async () => {
      for (const item of [3, 2, 1]) queue.putNowait(item);
      fails = true;
      await sleep(1000);
    }]);
    await assertRejects(() => first, RangeError, "no order");
    fails = false;
    assertEquals([queue.size, queue.getNowait()], [3, 1]);
  }));

/** Random races of puts and gets at small queues, and what should be in them. */
class Market {
  readonly #random: Random;
  readonly #queues = [1, 1, 2].map((size) => new Queue<string>(size));
  readonly #left = new Set<string>();
  readonly #racing: Attempt[] = [];
  #made = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  #branch(depth: number): () => Promise<unknown> {
    const random = this.#random;
    const queue = random.pick(this.#queues);
    const shape = random.below(depth > 0 ? 8 : 4);
    if (shape < 2) return () => queue.get();
    if (shape < 4) {
      const item = `${this.#made++}`;
      return () => queue.put(item);
    }
    if (shape < 6) {
      const inner = this.#branch(0);
      return () => timeout(1000, inner);
    }
    const inner = this.#branches(depth - 1);
    return () => select(inner);
  }

  /** By the item that each puts, if it does. */
  #branches(depth: number): Record<string, () => Promise<unknown>> {
    const branches: Record<string, () => Promise<unknown>> = {};
    for (let i = 1 + this.#random.below(3); i >= 0; i--) {
      const before = this.#made;
      const branch = this.#branch(depth);
      const puts = this.#made === before + 1;
      branches[puts ? `put ${before}` : `${i}`] = branch;
    }
    return branches;
  }

  async step(): Promise<void> {
    const random = this.#random;
    const dice = random.below(8);
    if (dice < 5) {
      const branches = this.#branches(2);
      this.#racing.push(new Attempt((options) => select(branches, options)));
    } else if (dice < 6 && this.#racing.length > 0) {
      const attempt = random.pick(this.#racing);
      if (random.below(2) === 0) attempt.cancel();
      else attempt.abort();
    } else await this.check();
  }

  async check(): Promise<void> {
    await sleep(0);
    await sleep(0);
    const ended = this.#racing.filter(({ outcome }) => outcome !== "pending");
    const given: string[] = [];
    for (const attempt of ended) {
      this.#racing.splice(this.#racing.indexOf(attempt), 1);
      if (attempt.outcome !== "value") continue;
      let { name, value } = attempt.value as { name: string; value: unknown };
      while (typeof value === "object") {
        ({ name, value } = value as { name: string; value: unknown });
      }
      if (value === undefined) this.#left.add(name.replace("put ", ""));
      else given.push(value as string);
    }
    for (const item of given) assert(this.#left.delete(item), item);
    const sizes = this.#queues.reduce((sum, { size }) => sum + size, 0);
    assertEquals(sizes, this.#left.size);
  }

  async end(): Promise<void> {
    for (const attempt of this.#racing) attempt.cancel();
    await this.check();
    for (const queue of this.#queues) {
      assertEquals([shown(queue, "getters"), shown(queue, "putters")], [0, 0]);
      for (const item of rest(queue)) assert(this.#left.delete(item), item);
    }
    assertEquals(this.#left.size, 0);
  }
}

Deno.test("of puts and gets at the same queues exactly one has happened, in 50 000 random steps", () =>
  virtually(async () => {
    const random = new Random(20_260_728);
    for (let i = 0; i < 500; i++) {
      const market = new Market(random);
      for (let step = 0; step < 100; step++) await market.step();
      await market.end();
    }
  }));

for (const [name, combine] of Object.entries(COMBINATORS)) {
  for (const failing of name === "any" ? [false] : [false, true]) {
    const how = failing ? "fails to make" : "makes at once";
    Deno.test(`${name}: what a pool ${how} in the call of a branch with a timeout is seen there`, () =>
      virtually(async () => {
        const semaphore = new Semaphore(1);
        const pool = new Pool({
          create: () => {
            if (failing) throw new Error("cannot make it");
            return "resource";
          },
          max: 1,
        });
        const branches = [
          () => timeout(5, () => pool.acquire()),
          () => semaphore.acquire(),
        ];
        const result = combine(branches).then(
          (guard) => (guard as { release(): void }).release(),
          ({ message }) => message,
        );
        assertEquals(await result, failing ? "cannot make it" : undefined);
        assertEquals([pool.idle, semaphore.value], [failing ? 0 : 1, 1]);
      }));
  }
}
