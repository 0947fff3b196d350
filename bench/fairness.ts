/**
 * How late a 5 ms interval and an echo over a socket are while tasks hand values
 * around flat out for a second, beside the same on bare promises, which starve
 * them. Prints percentiles of the lateness.
 *
 * deno run -A bench/fairness.ts
 */
import { createTask } from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";
import { Event, Lock } from "@asyncio/asyncio/sync";

const SECONDS = Deno.env.get("BENCH_SMOKE") ? 0.1 : 1;
const INTERVAL = 5;

/** Starts something busy; it ends when `signal.over` is set. */
type Load = (signal: { over: boolean }) => PromiseLike<unknown>[];

const loads: Record<string, Load> = {
  "queue ping-pong": (signal) => {
    const ping = new Queue<number>();
    const pong = new Queue<number>();
    return [
      createTask(async () => {
        while (!signal.over) {
          ping.putNowait(1);
          await pong.get();
        }
        ping.shutdown();
      }),
      createTask(async () => {
        for await (const item of ping) pong.putNowait(item);
      }),
    ];
  },
  "a lock passed around": (signal) => {
    const lock = new Lock();
    return Array.from({ length: 10 }, () =>
      createTask(async () => {
        while (!signal.over) {
          using _ = await lock.acquire();
          await null;
        }
      }));
  },
  "a queue always full enough": (signal) => {
    const queue = new Queue<number>();
    for (let i = 0; i < 1000; i++) queue.putNowait(i);
    return [createTask(async () => {
      while (!signal.over) await queue.put(await queue.get());
    })];
  },
  "a free lock": (signal) => {
    const lock = new Lock();
    return [createTask(async () => {
      while (!signal.over) (await lock.acquire())[Symbol.dispose]();
    })];
  },
  "an event that is set": (signal) => {
    const event = new Event();
    event.set();
    return [createTask(async () => {
      while (!signal.over) await event.wait();
    })];
  },
  "bare promises": (signal) => {
    const until = performance.now() + SECONDS * 1000;
    return [(async () => {
      while (!signal.over && performance.now() < until) await null;
    })()];
  },
};

async function measure(load: Load): Promise<[number[], number[]]> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const client = await Deno.connect({
    hostname: "127.0.0.1",
    port: (listener.addr as Deno.NetAddr).port,
  });
  const server = await listener.accept();
  const echo = server.readable.pipeTo(server.writable).catch(() => {});

  const signal = { over: false };
  const ticks: number[] = [];
  const echoes: number[] = [];
  let due = performance.now() + INTERVAL;
  const interval = setInterval(() => {
    const now = performance.now();
    ticks.push(Math.max(0, now - due));
    due = now + INTERVAL;
  }, INTERVAL);
  setTimeout(() => signal.over = true, SECONDS * 1000);
  const work = load(signal);
  const buffer = new Uint8Array(64);
  while (!signal.over) {
    const start = performance.now();
    await client.write(buffer);
    await client.read(buffer);
    echoes.push(performance.now() - start);
  }
  ticks.push(Math.max(0, performance.now() - due));
  clearInterval(interval);
  for (const task of work) await task;
  client.close();
  listener.close();
  await echo;
  return [ticks, echoes];
}

function row(name: string, values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (p: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? NaN)
      .toFixed(2).padStart(9);
  return `${name.padEnd(32)}${String(values.length).padStart(7)}${at(0.5)}${
    at(0.99)
  }${at(1)}`;
}

console.log(`${"".padEnd(32)}  count      p50      p99      max   (ms)`);
for (const [name, load] of Object.entries(loads)) {
  const [ticks, echoes] = await measure(load);
  console.log(row(`${name}: 5 ms interval`, ticks));
  console.log(row(`${" ".repeat(name.length)}  echo`, echoes));
}
