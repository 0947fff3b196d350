/**
 * Jobs for several workers, and a table of who did what. One job fails at first, one
 * always, and a worker is killed in the middle of its work: others do it.
 *
 * The queue is in memory, and the workers are tasks. With `nats-server -js` running,
 *   JOBS=nats://127.0.0.1:4222 deno run -A examples/job_workers.ts
 * starts a process for each; others join, from anywhere, with a NAME as argument.
 */
import { createSubprocessExec, createTask, run, sleep } from "@asyncio/asyncio";
import { type Jobs, memoryJobs, work } from "@asyncio/asyncio/queue/jobs";

interface Order {
  readonly run: string;
  readonly n: number;
}

interface Report extends Order {
  readonly worker: string;
}

const JOBS = Deno.env.get("JOBS") ?? "memory:";
const COUNT = 24;
const WORKERS = ["ada", "bob", "cyd"];
const opened = new Map<string, unknown>();

/** Decides where the queue is; the rest of the program does not know. */
async function open<T>(name: string): Promise<Jobs<T>> {
  const options = { lease: 5000, maxAttempts: 3 };
  if (JOBS === "memory:") {
    if (!opened.has(name)) opened.set(name, memoryJobs<T>(options));
    return opened.get(name) as Jobs<T>;
  }
  const { natsJobs } = await import("@asyncio/asyncio/queue/nats");
  return await natsJobs<T>({ ...options, servers: JOBS, name });
}

/** Works until it is cancelled. */
async function worker(name: string): Promise<void> {
  const orders = await open<Order>("orders");
  const reports = await open<Report>("reports");
  await work(orders, async (order, { id, attempt }) => {
    await sleep(order.n % 8 === 0 ? 300 : 20);
    if (order.n === 5 && attempt === 1) throw new Error("a bad start");
    if (order.n === 13) throw new Error("bad luck");
    // Should this job ever run twice, the second report is not put.
    await reports.put({ ...order, worker: name }, { id });
  }, { concurrency: 2, grace: 2000, backoff: () => 100 });
}

/** Starts a worker; gives what ends it at once, whatever it is doing. */
async function start(name: string): Promise<() => void> {
  if (JOBS === "memory:") {
    const task = createTask(() => worker(name));
    return () => task.cancel();
  }
  const child = await createSubprocessExec(Deno.execPath(), [
    "run",
    "-A",
    "--quiet",
    import.meta.filename!,
    name,
  ]);
  return () => child.kill(); // SIGKILL
}

async function main(): Promise<void> {
  await using orders = await open<Order>("orders");
  await using reports = await open<Report>("reports");
  const stops = [];
  for (const name of WORKERS) stops.push(await start(name));

  const id = crypto.randomUUID();
  for (let n = 1; n <= COUNT; n++) {
    await orders.put({ run: id, n }, { id: `${id}-${n}` });
  }
  const done = new Map<string, number[]>();
  for (let count = 1; count < COUNT; count++) { // all but the dead letter
    const report = await reports.get();
    const { run, worker, n } = report.value;
    if (run === id) done.set(worker, [...done.get(worker) ?? [], n]);
    else count--; // of an earlier run
    await report.done();
    if (count === 4) stops[1]!(); // bob is gone
  }
  await orders.join();
  for (const stop of stops) stop();

  for (const [name, list] of [...done].sort()) {
    console.log(`${name.padEnd(8)} ${String(list.length).padStart(2)} ${list}`);
  }
  for await (const letter of orders.deadLetters()) {
    if (letter.value?.run !== id) continue;
    console.log(`dead     order ${letter.value.n}: ${letter.reason}`);
    await letter.drop();
  }
}

await run(Deno.args[0] ? () => worker(Deno.args[0]!) : main);
