/**
 * What a queue costs, beside the least that a hand-over between two async
 * functions can cost, and, where JSR can be reached, `@std/async`'s Channel.
 * Each benchmark hands 1000 items over: a microsecond shown is a nanosecond an
 * item.
 *
 * ```sh
 * deno bench -A $(deno run -A tests/std_source.ts) bench/queue_bench.ts
 * ```
 *
 * @module
 */
import {
  Broadcast,
  LifoQueue,
  PriorityQueue,
  Queue,
  Watch,
} from "@asyncio/asyncio/queue";
import {
  createTask,
  gather,
  taskGroup,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";

const ITEMS = 1_000;

interface Channel {
  send(item: number): Promise<void>;
  receive(): Promise<number>;
}

/** Newer than the oldest version that deno.json allows, and not on npm. */
async function importChannel(): Promise<
  (new (options: { capacity: number }) => Channel) | undefined
> {
  for (const path of ["channel", "unstable-channel"]) {
    try {
      return (await import(`jsr:@std/async@^1/${path}`)).Channel;
    } catch {
      // not in this version, or no JSR
    }
  }
  return undefined;
}

async function handOver(
  put: (item: number) => Promise<unknown>,
  get: () => Promise<number>,
): Promise<void> {
  const consume = async () => {
    let sum = 0;
    for (let i = 0; i < ITEMS; i++) sum += await get();
    return sum;
  };
  const produce = async () => {
    for (let i = 0; i < ITEMS; i++) await put(i);
  };
  await Promise.all([consume(), produce()]);
}

/** There and back: the least that a hand-over between two can cost. */
async function passResolvers(items: number): Promise<void> {
  let give: (item: number) => void;
  let proceed: (() => void) | undefined;
  const consume = async () => {
    let sum = 0;
    for (let i = 0; i < items; i++) {
      const item = new Promise<number>((resolve) => give = resolve);
      proceed?.();
      sum += await item;
    }
    return sum;
  };
  const produce = async () => {
    for (let i = 0; i < items; i++) {
      const wanted = new Promise<void>((resolve) => proceed = resolve);
      give(i);
      if (i < items - 1) await wanted;
    }
  };
  await Promise.all([consume(), produce()]);
}

Deno.bench({
  name: "bare promises: two async functions pass a resolver",
  group: "bounded queue, one producer, one consumer",
  baseline: true,
  async fn() {
    await passResolvers(ITEMS);
  },
});

const Channel = await importChannel();
Deno.bench({
  name: "@std/async Channel(100)",
  group: "bounded queue, one producer, one consumer",
  ignore: Channel === undefined,
  async fn() {
    const channel = new Channel!({ capacity: 100 });
    await handOver((item) => channel.send(item), () => channel.receive());
  },
});

Deno.bench({
  name: "Queue(100)",
  group: "bounded queue, one producer, one consumer",
  async fn() {
    const queue = new Queue<number>(100);
    await handOver((item) => queue.put(item), () => queue.get());
  },
});

Deno.bench({
  name: "Queue(1)",
  group: "bounded queue, one producer, one consumer",
  async fn() {
    const queue = new Queue<number>(1);
    await handOver((item) => queue.put(item), () => queue.get());
  },
});

Deno.bench({
  name: "Queue(100), in tasks",
  group: "bounded queue, one producer, one consumer",
  async fn() {
    const queue = new Queue<number>(100);
    const task = createTask(() =>
      handOver((item) => queue.put(item), () => queue.get())
    );
    await task;
  },
});

Deno.bench({
  name: "Queue(100).readable, read by a reader",
  group: "bounded queue, one producer, one consumer",
  async fn() {
    const queue = new Queue<number>(100);
    const reader = queue.readable.getReader();
    await handOver(
      (item) => queue.put(item),
      async () => (await reader.read()).value!,
    );
  },
});

Deno.bench({
  name: "bare promises: ten pairs pass resolvers",
  group: "bounded queue, ten producers, ten consumers",
  baseline: true,
  async fn() {
    const pairs = Array.from({ length: 10 }, () => passResolvers(ITEMS / 10));
    await Promise.all(pairs);
  },
});

Deno.bench({
  name: "Queue(100), in tasks, by ten",
  group: "bounded queue, ten producers, ten consumers",
  async fn() {
    const queue = new Queue<number>(100);
    await taskGroup((group) => {
      for (let pair = 0; pair < 10; pair++) {
        group.createTask(async () => {
          for (let i = 0; i < ITEMS / 10; i++) await queue.put(i);
        });
        group.createTask(async () => {
          for (let i = 0; i < ITEMS / 10; i++) await queue.get();
        });
      }
    });
  },
});

Deno.bench({
  name: "bare promises: ping and pong are resolvers",
  group: "ping-pong",
  baseline: true,
  async fn() {
    await passResolvers(ITEMS);
  },
});

Deno.bench({
  name: "two Queues, in tasks",
  group: "ping-pong",
  async fn() {
    const ping = new Queue<number>();
    const pong = new Queue<number>();
    await gather([
      async () => {
        for (let i = 0; i < ITEMS; i++) {
          await ping.put(i);
          await pong.get();
        }
      },
      async () => {
        for (let i = 0; i < ITEMS; i++) await pong.put(await ping.get());
      },
    ]);
  },
});

Deno.bench({
  name: "a bare array: push and shift",
  group: "1000 in, 1000 out, without a wait",
  baseline: true,
  fn() {
    const items: number[] = [];
    for (let i = 0; i < ITEMS; i++) items.push((i * 7919) % ITEMS);
    let sum = 0;
    for (let i = 0; i < ITEMS; i++) sum += items.shift()!;
    if (sum !== ITEMS * (ITEMS - 1) / 2) throw new Error("items are missing");
  },
});

for (const Class of [Queue, LifoQueue, PriorityQueue]) {
  Deno.bench({
    name: `${Class.name}: putNowait and getNowait`,
    group: "1000 in, 1000 out, without a wait",
    fn() {
      const queue = new Class<number>();
      for (let i = 0; i < ITEMS; i++) queue.putNowait((i * 7919) % ITEMS);
      let sum = 0;
      for (let i = 0; i < ITEMS; i++) sum += queue.getNowait();
      if (sum !== ITEMS * (ITEMS - 1) / 2) throw new Error("items are missing");
    },
  });
}

Deno.bench({
  name: "bare: await of a resolved promise, twice an item",
  group: "one task",
  baseline: true,
  async fn() {
    for (let i = 0; i < ITEMS; i++) {
      await Promise.resolve();
      await Promise.resolve(i);
    }
  },
});

Deno.bench({
  name: "Queue: put and get, always at hand",
  group: "one task",
  async fn() {
    const queue = new Queue<number>();
    for (let i = 0; i < ITEMS; i++) {
      await queue.put(i);
      await queue.get();
    }
  },
});

Deno.bench({
  name: "Queue: for await",
  group: "one task",
  async fn() {
    const queue = new Queue<number>();
    for (let i = 0; i < ITEMS; i++) queue.putNowait(i);
    queue.shutdown();
    for await (const _ of queue);
  },
});

Deno.bench({
  name: "Queue: put, get, taskDone; join",
  group: "one task",
  async fn() {
    const queue = new Queue<number>();
    for (let i = 0; i < ITEMS; i++) await queue.put(i);
    const joined = queue.join();
    for (let i = 0; i < ITEMS; i++) {
      await queue.get();
      queue.taskDone();
    }
    await joined;
  },
});

Deno.bench({
  name: "Queue of 1 that drops the oldest: put",
  group: "one task",
  async fn() {
    const queue = new Queue<number>({ maxSize: 1, overflow: "dropOldest" });
    for (let i = 0; i < ITEMS; i++) await queue.put(i);
  },
});

const SUBSCRIBERS = 100;

Deno.bench({
  name: "10 items, put into each of 100 queues, and taken",
  group: "to everyone",
  baseline: true,
  async fn() {
    const queues = Array.from(
      { length: SUBSCRIBERS },
      () => new Queue<number>(10),
    );
    for (let i = 0; i < ITEMS / SUBSCRIBERS; i++) {
      for (const queue of queues) await queue.put(i);
    }
    for (const queue of queues) while (!queue.empty) queue.getNowait();
  },
});

Deno.bench({
  name: "10 items, published to 100 subscribers, and taken",
  group: "to everyone",
  async fn() {
    const broadcast = new Broadcast<number>();
    const subscriptions = Array.from(
      { length: SUBSCRIBERS },
      () => broadcast.subscribe({ maxSize: 10 }),
    );
    for (let i = 0; i < ITEMS / SUBSCRIBERS; i++) await broadcast.publish(i);
    for (const subscription of subscriptions) {
      for (let i = 0; i < ITEMS / SUBSCRIBERS; i++) subscription.getNowait();
    }
  },
});

Deno.bench({
  name: "10 changes of a watch that 100 tasks iterate over",
  group: "to everyone",
  async fn() {
    const changes = ITEMS / SUBSCRIBERS;
    const watch = new Watch(0);
    const watchers = Array.from({ length: SUBSCRIBERS }, () => async () => {
      for await (const value of watch) if (value === changes) break;
    });
    await gather([...watchers, async () => {
      for (let i = 1; i <= changes; i++) {
        watch.value = i;
        await null;
      }
    }]);
  },
});

// --- Gets that were begun before they are combined --------------------------

/** Gets of as many queues, and the items for them a moment later. */
async function combined(
  combine: (gets: Promise<number>[]) => PromiseLike<unknown>,
): Promise<void> {
  const queues = Array.from({ length: ITEMS }, () => new Queue<number>());
  const end = combine(queues.map((queue) => queue.get()));
  for (const queue of queues) queue.putNowait(1);
  await end;
}

Deno.bench({
  name: "Promise.all of 1000 gets",
  group: "gets begun before",
  baseline: true,
  fn: () => combined((gets) => Promise.all(gets)),
});

Deno.bench({
  name: "gather of 1000 gets",
  group: "gets begun before",
  fn: () => combined(gather),
});

Deno.bench({
  name: "wait for 1000 gets",
  group: "gets begun before",
  fn: () => combined(wait),
});

Deno.bench({
  name: "waitFor, 1000 times a get",
  group: "gets begun before",
  async fn() {
    const queue = new Queue<number>();
    for (let i = 0; i < ITEMS; i++) {
      const item = waitFor(queue.get(), 60_000);
      queue.putNowait(i);
      await item;
    }
  },
});
