/**
 * What `tasks`, `sync` and `queue` do, in a line each: the same on Deno, Node
 * and Bun. With the name of a signal as its argument, it ends by that signal.
 *
 * @module
 */
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { setTimeout as foreignSleep } from "node:timers/promises";
import {
  any,
  asCompleted,
  callHost,
  cancellable,
  CancelledError,
  ContextVar,
  createTask,
  currentDeadline,
  currentSignal,
  currentTask,
  formatCallGraph,
  Future,
  gather,
  getRunningLoop,
  interval,
  moveOnAfter,
  race,
  retry,
  run,
  select,
  shielded,
  signals,
  sleep,
  splitErrors,
  taskGroup,
  TaskSet,
  timeout,
  TimeoutError,
  toThread,
  wait,
  waitFor,
  WorkerPool,
} from "../../tasks/mod.ts";
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
} from "../../sync/mod.ts";
import {
  Broadcast,
  LaggedError,
  PriorityQueue,
  Queue,
  QueueShutDownError,
  Watch,
} from "../../queue/mod.ts";

/** Called by the test "callHost", in a worker thread. */
export async function askHost(): Promise<string> {
  return `${await callHost<string>("greet", "thread")}!`;
}

/** Disposes it: Node 20 has no `using`. */
function free(resource: Disposable): void {
  resource[Symbol.dispose]();
}

/** How the promise ends, in a word. */
async function outcome(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return (error as Error).name;
  }
}

const CHECKS: Record<string, () => unknown> = {
  async cancel() {
    const steps: unknown[] = [];
    const task = createTask(
      () => sleep(60_000).finally(() => steps.push("cleaned up")),
      { name: "sleeper" },
    );
    await sleep(0);
    steps.push(formatCallGraph({ task }).includes("sleep 60000"));
    task.cancel();
    await task.catch((error) => steps.push(error instanceof CancelledError));
    return [...steps, task.cancelled];
  },

  async cancellable() {
    let aborted = false;
    const found = await moveOnAfter(5, () =>
      cancellable((signal) => {
        signal.addEventListener("abort", () => aborted = true);
        return foreignSleep(60_000, "found", { signal });
      }));
    return [found, aborted];
  },

  async currentSignal() {
    const task = createTask(async () => {
      const signal = currentSignal();
      await foreignSleep(60_000, "found", { signal });
    });
    await sleep(0);
    task.cancel();
    return await outcome(task);
  },

  async timeout() {
    const error = await timeout(5, () => sleep(60_000)).catch((it) => it);
    const queue = new Queue<number>();
    const empty = await moveOnAfter(0, () => queue.get());
    queue.putNowait(1);
    return [
      error instanceof TimeoutError,
      empty,
      await moveOnAfter(0, () => queue.get()),
      await timeout(60_000, () => currentDeadline() < Infinity),
    ];
  },

  async waitFor() {
    const queue = new Queue<string>();
    const ended = await outcome(waitFor(queue.get(), 5));
    await queue.put("not lost");
    return [ended, await waitFor(queue.get(), 60_000)];
  },

  async taskGroup() {
    const limited: number[] = [];
    await taskGroup((group) => {
      for (const ms of [3, 1]) {
        group.createTask(() => sleep(ms).then(() => limited.push(ms)));
      }
    }, { limit: 1 });
    const error = await taskGroup((group) => {
      group.createTask(() => sleep(60_000));
      group.createTask(() => Promise.reject(new RangeError("boom")));
    }).catch((error) => error);
    const { matched, rest } = splitErrors(error, RangeError);
    return [...limited, matched[0]!.message, rest];
  },

  async gather() {
    let running = 0;
    let most = 0;
    const results = await gather(
      [3, 2, 1].map((ms) => async () => {
        most = Math.max(most, ++running);
        await sleep(ms);
        running--;
        return ms;
      }),
      { limit: 2 },
    );
    return [...results, `at most ${most}`];
  },

  async "race, select, any"() {
    const [left, right] = [new Queue<number>(), new Queue<number>()];
    await left.put(1);
    await right.put(2);
    const first = await race([() => left.get(), () => right.get()]);
    const { name, value } = await select({
      left: () => left.get(),
      right: () => right.get(),
    });
    const good = await any([() => Promise.reject(new Error("bad")), () => 3]);
    return [first, name, value, good, left.size, right.size];
  },

  async wait() {
    const quick = createTask(() => sleep(1));
    const slow = createTask(() => sleep(60_000));
    const { done, pending } = await wait([quick, slow], {
      returnWhen: "FIRST_COMPLETED",
    });
    slow.cancel();
    return [done.has(quick), pending.has(slow)];
  },

  async asCompleted() {
    const order: number[] = [];
    const sleeps = [10, 1].map((ms) => () => sleep(ms, { result: ms }));
    for await (const ended of asCompleted(sleeps)) order.push(await ended);
    return order;
  },

  async TaskSet() {
    const set = new TaskSet<number>({ limit: 2 });
    for (const ms of [10, 1]) set.createTask(() => sleep(ms, { result: ms }));
    const order: number[] = [];
    for await (const task of set) order.push(await task);
    const slow = set.createTask(() => sleep(60_000, { result: 60_000 }));
    await set[Symbol.asyncDispose]();
    return [...order, slow.cancelled];
  },

  async retry() {
    const attempts: number[] = [];
    const work = (attempt: number) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error("busy");
      return "done";
    };
    return [await retry(work, { minTimeout: 1 }), ...attempts];
  },

  async interval() {
    let moments = 0;
    for await (const _ of interval(1)) {
      if (++moments === 3) break;
    }
    return moments;
  },

  async shielded() {
    const steps: string[] = [];
    const task = createTask(async () => {
      await shielded(async () => {
        await sleep(5);
        steps.push("cleaned up");
      });
      await sleep(0);
      steps.push("never");
    });
    await sleep(0);
    task.cancel();
    return [await outcome(task), ...steps];
  },

  async context() {
    const user = new ContextVar("user", { default: "unknown" });
    user.set("ada");
    return await createTask(async () => {
      await sleep(1);
      await foreignSleep(1);
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      return [user.get(), currentTask()!.name.startsWith("Task-")];
    });
  },

  async Queue() {
    const queue = new Queue<number>(2);
    const consumer = createTask(async () => {
      const items: number[] = [];
      for await (const item of queue) items.push(item);
      return items;
    });
    for (let i = 0; i < 5; i++) await queue.put(i);
    queue.shutdown();
    const late = await queue.put(5).catch((error) => error);
    const latest = new Queue<number>({ maxSize: 1, overflow: "dropOldest" });
    for (let i = 0; i < 3; i++) await latest.put(i);
    return [
      ...await consumer,
      late instanceof QueueShutDownError,
      await latest.get(),
    ];
  },

  async PriorityQueue() {
    const queue = new PriorityQueue<number>();
    for (const item of [3, 1, 2]) await queue.put(item);
    queue.remove((item) => item === 2);
    return [await queue.get(), await queue.get(), queue.size];
  },

  async "Queue.readable"() {
    const queue = new Queue<string>();
    await queue.put("a");
    await queue.put("b");
    queue.shutdown();
    const items: string[] = [];
    const reader = queue.readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return items;
      items.push(value);
    }
  },

  async Broadcast() {
    const prices = new Broadcast<number>();
    const all = prices.subscribe();
    const few = prices.subscribe({ maxSize: 1, overflow: "fail" });
    for (const price of [7, 8]) await prices.publish(price);
    prices.shutdown();
    const seen: number[] = [];
    for await (const price of all) seen.push(price);
    const lagged = await few.get().then(() => few.get()).catch((error) =>
      error
    );
    return [...seen, lagged instanceof LaggedError && lagged.missed];
  },

  async Watch() {
    const level = new Watch(0);
    const high = createTask(() => level.waitFor((it) => it > 1));
    await sleep(0);
    level.value = 1;
    level.update((it) => it + 1);
    return [await high, level.value];
  },

  async Lock() {
    const lock = new Lock();
    let inside = 0;
    let most = 0;
    await gather([1, 2, 3].map(() => async () => {
      const guard = await lock.acquire();
      most = Math.max(most, ++inside);
      await sleep(0);
      inside--;
      free(guard);
    }));
    return [most, lock.locked];
  },

  async "Condition and Event"() {
    const condition = new Condition();
    const ready = new Event();
    const waiting = createTask(async () => {
      const guard = await condition.acquire();
      ready.set();
      await condition.wait();
      free(guard);
      return "notified";
    });
    await ready.wait();
    const guard = await condition.acquire();
    condition.notify();
    free(guard);
    return await waiting;
  },

  async Semaphore() {
    const seats = new Semaphore(3);
    const guard = await seats.acquire({ permits: 2 });
    const refused = seats.tryAcquire(2);
    free(guard);
    return [refused, seats.value];
  },

  async Barrier() {
    const barrier = new Barrier(2);
    return (await gather([() => barrier.wait(), () => barrier.wait()])).sort();
  },

  async ReadWriteLock() {
    const lock = new ReadWriteLock();
    const readers = [await lock.read(), await lock.read()];
    const writer = createTask(async () => {
      free(await lock.write());
      return "written";
    });
    await sleep(0);
    const early = writer.done;
    readers.forEach(free);
    return [early, await writer];
  },

  async RateLimiter() {
    const limiter = new RateLimiter({ limit: 2, interval: 60_000 });
    await limiter.acquire();
    await limiter.acquire();
    return await outcome(timeout(5, () => limiter.acquire()));
  },

  async Pool() {
    let made = 0;
    const ended: number[] = [];
    const pool = new Pool({
      create: () => sleep(1, { result: ++made }),
      destroy: (id) => void ended.push(id),
      max: 1,
    });
    const first = await pool.acquire();
    const second = createTask(() => pool.acquire());
    await sleep(0);
    first.discard();
    free(first);
    const { resource } = await second;
    free(await second);
    await pool.close();
    return [resource, ...ended];
  },

  async SingleFlight() {
    const loading = new SingleFlight<string, number>();
    let loads = 0;
    const load = () => loading.run("a", () => sleep(1, { result: ++loads }));
    return await gather([load, load]);
  },

  async signals() {
    const hangups = signals("SIGHUP");
    getRunningLoop().callLater(5, () => process.kill(process.pid, "SIGHUP"));
    let came: string | undefined;
    for await (const signal of hangups) {
      came = signal;
      break;
    }
    return came;
  },

  async addSignalHandler() {
    const came = new Future<string>();
    const loop = getRunningLoop();
    loop.addSignalHandler("SIGUSR2", () => came.setResult("SIGUSR2"));
    process.kill(process.pid, "SIGUSR2");
    const signal = await came;
    return [signal, loop.removeSignalHandler("SIGUSR2")];
  },

  async fairness() {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const busy = new Queue<number>();
    while (ticks < 3) {
      await busy.put(1);
      await busy.get();
    }
    clearInterval(timer);
    return "timers get their turn";
  },

  async "order of callbacks"() {
    const order: string[] = [];
    const future = new Future<number>();
    const loop = getRunningLoop();
    const awaiting = createTask(async () => {
      await future;
      order.push("awaiter");
    });
    await sleep(0);
    future.addDoneCallback(() => order.push("done callback"));
    future.setResult(1);
    loop.callSoon(() => order.push("callSoon"));
    await awaiting;
    await sleep(0);
    return order;
  },

  async "errors that nothing retrieves"() {
    const messages: string[] = [];
    await run(async () => {
      const loop = getRunningLoop();
      loop.setExceptionHandler((_, { message }) => messages.push(message));
      createTask(() => Promise.reject(new Error("lost")), { name: "lost" });
      loop.callSoon(() => {
        throw new Error("thrown");
      });
      await sleep(0);
    });
    return messages;
  },

  async toThread() {
    return await toThread((n: number) => n * 2, 21);
  },

  async callHost() {
    const pool = new WorkerPool(import.meta.url, {
      callbacks: { greet: (name: string) => `hello ${name}` },
    });
    try {
      return await pool.call<string>("askHost");
    } finally {
      await pool[Symbol.asyncDispose]();
    }
  },
};

async function main(): Promise<void> {
  for (const [name, check] of Object.entries(CHECKS)) {
    console.log(`${name}: ${JSON.stringify(await check())}`);
  }
}

/** Is ended by the signal, after its clean-up. */
async function endBy(signal: Deno.Signal): Promise<void> {
  process.kill(process.pid, signal);
  try {
    await sleep(60_000);
  } finally {
    await sleep(1);
    console.log("cleaned up");
  }
}

if (isMainThread) {
  const signal = process.argv[2] as Deno.Signal | undefined;
  await run(() => signal === undefined ? main() : endBy(signal));
}
