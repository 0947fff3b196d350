/**
 * Does the heap stay flat? Runs each load in ten equal parts, collects garbage after
 * each, and prints the heap: the last figure of a row is to be like the first. Exits
 * with 1 where it has grown.
 *
 * deno run -A --v8-flags=--expose-gc bench/soak.ts
 */
import {
  cancellable,
  createTask,
  Future,
  run,
  sleep,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";

const SMOKE = Deno.env.get("BENCH_SMOKE") !== undefined;
const PARTS = 10;
/** More growth than this, in bytes, from the second part to the last is a leak. */
const TOLERANCE = 2 ** 20;

/** Does the work `n` times. */
type Load = (n: number) => Promise<void>;

const forever = new Promise<never>(() => {});

const loads: Record<string, [total: number, load: Load]> = {
  "sleep(0)": [10_000_000, async (n) => {
    const share = n / 100;
    const tasks = Array.from({ length: 100 }, () =>
      createTask(async () => {
        for (let i = 0; i < share; i++) await sleep(0);
      }));
    for (const task of tasks) await task;
  }],
  "tasks": [1_000_000, async (n) => {
    for (let i = 0; i < n; i++) await createTask(() => i);
  }],
  "cancelled waits": [1_000_000, async (n) => {
    const queue = new Queue<number>();
    for (let i = 0; i < n; i++) {
      const task = createTask(() => queue.get());
      await null;
      task.cancel();
      await wait([task]);
    }
  }],
  "waits aborted by one signal": [1_000_000, async (n) => {
    const { signal } = new AbortController();
    const queue = new Queue<number>();
    for (let i = 0; i < n; i++) {
      queue.putNowait(await Promise.resolve(i));
      await queue.get({ signal });
      const item = queue.get({ signal });
      queue.putNowait(i);
      await item;
    }
  }],
  "timeouts that are not needed": [300_000, async (n) => {
    for (let i = 0; i < n; i++) await waitFor(() => sleep(0), 60_000);
  }],
  "races against a promise that lives for ever": [300_000, async (n) => {
    for (let i = 0; i < n; i++) {
      const task = createTask(() => cancellable(forever));
      await null;
      task.cancel();
      await wait([task]);
    }
  }],
  "waits for the first of a task and a future that lives for ever": [
    300_000,
    async (n) => {
      const never = new Future<number>();
      for (let i = 0; i < n; i++) {
        await wait([createTask(() => i), never], {
          returnWhen: "FIRST_COMPLETED",
        });
      }
    },
  ],
};

const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined) {
  console.error("start it with --v8-flags=--expose-gc");
  Deno.exit(2);
}

let leaks = 0;
for (const [name, [total, load]] of Object.entries(loads)) {
  const n = total / PARTS / (SMOKE ? 1000 : 1);
  const heap: number[] = [];
  await run(async () => {
    for (let part = 0; part < PARTS; part++) {
      await load(n);
      await sleep(1);
      collect();
      await sleep(1); // finalizers
      collect();
      heap.push(Deno.memoryUsage().heapUsed);
    }
  });
  const growth = heap.at(-1)! - heap[1]!;
  const leaked = growth > TOLERANCE;
  if (leaked) leaks++;
  const megabytes = heap.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(" ");
  console.log(
    `${leaked ? "GROWS" : "flat "} ${total} × ${name}\n      ${megabytes} MB`,
  );
}
if (leaks > 0) Deno.exit(1);
