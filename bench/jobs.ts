/**
 * Jobs per second, the processor time of each, and how long a job is on its way: in
 * memory, through one NATS server, and, beside them, NATS's own client on the same
 * server, and BullMQ on Redis. The same work for all, in one run.
 *
 * ```sh
 * deno run -A bench/jobs.ts
 * ```
 *
 * @module
 */
import {
  createSubprocessExec,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import { createTask, gather, isCancelled, run } from "@asyncio/asyncio/tasks";
import {
  bullmq5,
  bullmq6,
  confirmed,
  type Contestant,
  memory,
  nats,
  unconfirmed,
} from "./jobs/contestants.ts";

const SMOKE = Deno.env.get("BENCH_SMOKE") !== undefined;
/** So many that the start of the programs does not count. */
const JOBS = SMOKE ? 200 : 60_000;
const PACED = SMOKE ? 50 : 1000;
const ROUNDS = SMOKE ? 1 : 5;

/** What came of one run. */
interface Outcome {
  /** Milliseconds from the first put to the end of the last job. */
  ms: number;
  latencies: number[];
  /** Milliseconds of the processor, of all processes but the server. */
  cpu: number;
}

function start(command: string[]): Promise<Process> {
  const [program, ...args] = command;
  return createSubprocessExec(program!, args, { stdin: PIPE, stdout: PIPE });
}

/** Lets `workers` processes do `count` jobs; 0: the producer does them itself. */
async function measure(
  { contestant, workers, concurrency }: Setting,
  [role, count]: ["produce" | "pace", number],
): Promise<Outcome> {
  const work = `work ${concurrency}`;
  const name = `bench-${crypto.randomUUID()}`;
  const roles = [`${role} ${count}`];
  const all: Process[] = [];
  for (let i = 0; i < workers; i++) {
    const worker = await start(contestant.command(name, [work]));
    await until([worker], (word) => word === "ready");
    all.push(worker);
  }
  if (workers === 0) roles.unshift(work);
  all.push(await start(contestant.command(name, roles)));

  let began = 0, ended = 0;
  const done = new Map<Process, number>();
  await until(all, (word, [first, second], process) => {
    if (word === "start") began = Number(first);
    if (word !== "done") return false;
    done.set(process, Number(first));
    ended = Math.max(ended, Number(second));
    return [...done.values()].reduce((a, b) => a + b) >= count;
  });
  const latencies: number[] = [];
  let cpu = 0;
  for (const process of all) process.stdin!.close();
  await gather(all.map((process) =>
    createTask(async () => {
      await until([process], (word, [list]) => {
        if (word === "latencies") latencies.push(...JSON.parse(list!));
        if (word === "cpu") cpu += Number(list);
        return false;
      });
      await process.wait();
    })
  ));
  return { ms: ended - began, latencies, cpu };
}

/** Reads what they say until `heard` is content, or they have ended. */
async function until(
  processes: Process[],
  heard: (word: string, rest: string[], from: Process) => boolean,
): Promise<void> {
  const readers = processes.map((process) =>
    createTask(async () => {
      while (true) {
        const line = await process.stdout!.readLine();
        const [word, ...rest] = new TextDecoder().decode(line).trim().split(
          " ",
        );
        if (word === "" || heard(word!, rest, process)) break;
      }
      for (const reader of readers) reader.cancel();
    })
  );
  const ends = await gather(readers, { returnExceptions: true });
  const failure = ends.find((it) => it instanceof Error && !isCancelled(it));
  if (failure !== undefined) throw failure;
}

function percentile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? NaN;
}

/** Who does it, and how. */
interface Setting {
  readonly contestant: Contestant;
  /** 0: the producer works as well. */
  readonly workers: number;
  readonly concurrency: number;
}

/** What came of all rounds. */
interface Row extends Setting {
  readonly rates: number[];
  readonly cpu: number[];
  readonly latencies: number[];
}

async function round(row: Row): Promise<void> {
  // In memory they would be over before the program has warmed up.
  const count = row.contestant.title.startsWith("memory") ? JOBS * 4 : JOBS;
  const { ms, cpu } = await measure(row, ["produce", count]);
  row.rates.push(count / ms * 1000);
  row.cpu.push(cpu / count * 1000);
  const paced = await measure(row, ["pace", PACED]);
  row.latencies.push(...paced.latencies);
}

/** The median of the rounds, the least and the most; of latencies all. */
function line(row: Row): string {
  const { contestant, workers, concurrency, rates, cpu, latencies } = row;
  const [rate, least, most] = [0.5, 0, 1].map((it) =>
    Math.round(percentile(rates, it) / 100) * 100
  );
  const [p50, p99] = [0.5, 0.99].map((it) => percentile(latencies, it));
  return `| ${contestant.title} | ${
    workers === 0 ? "the producer" : workers
  } | ${concurrency} | ${rate} (${least}-${most}) | ${
    Math.round(percentile(cpu, 0.5))
  } | ${p50!.toFixed(2)} | ${p99!.toFixed(2)} |`;
}

/** What is measured of each. */
const SETTINGS = [
  { enter: memory, workers: 0, concurrency: 50 },
  { enter: nats, workers: 0, concurrency: 50 },
  { enter: confirmed, workers: 0, concurrency: 50 },
  { enter: unconfirmed, workers: 0, concurrency: 50 },
  { enter: nats, workers: 1, concurrency: 10 },
  { enter: bullmq5, workers: 1, concurrency: 10 },
  { enter: bullmq6, workers: 1, concurrency: 10 },
  { enter: nats, workers: 1, concurrency: 50 },
  { enter: bullmq5, workers: 1, concurrency: 50 },
  { enter: bullmq6, workers: 1, concurrency: 50 },
  { enter: nats, workers: 4, concurrency: 50 },
  { enter: bullmq6, workers: 4, concurrency: 50 },
];

await run(async () => {
  await using stack = new AsyncDisposableStack();
  const entered = new Map<unknown, Contestant | undefined>();
  const rows: Row[] = [];
  for (const { enter, workers, concurrency } of SETTINGS) {
    if (!entered.has(enter)) {
      try {
        entered.set(enter, stack.use(await enter()));
      } catch (error) {
        entered.set(enter, undefined);
        console.error(`without ${enter.name}: ${error}`);
      }
    }
    const contestant = entered.get(enter);
    if (contestant === undefined) continue;
    const lists = { rates: [], cpu: [], latencies: [] };
    rows.push({ contestant, workers, concurrency, ...lists });
  }
  // In turns, so that what else the machine does meets all of them.
  for (let i = 0; i < ROUNDS; i++) {
    for (const row of rows) await round(row);
  }
  const head =
    "queue | worker processes | concurrency | jobs/s (least-most) | µs/job | ";
  console.log(`| ${head}p50 ms | p99 ms |`);
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const row of rows) console.log(line(row));
});
