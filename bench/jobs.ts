/**
 * Jobs per second, and how long a job is on its way: in memory, through one NATS
 * server, and, beside them, BullMQ on Redis; with one worker process and with
 * four. The same work for all, in one run.
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
import { bullmq, type Contestant, memory, nats } from "./jobs/contestants.ts";

const SMOKE = Deno.env.get("BENCH_SMOKE") !== undefined;
const JOBS = SMOKE ? 200 : 10_000;
const PACED = SMOKE ? 50 : 1000;
const ROUNDS = SMOKE ? 1 : 5;

/** What came of one run. */
interface Outcome {
  /** Milliseconds from the first put to the end of the last job. */
  ms: number;
  latencies: number[];
}

function start(command: string[]): Promise<Process> {
  const [program, ...args] = command;
  return createSubprocessExec(program!, args, { stdin: PIPE, stdout: PIPE });
}

/** Lets `workers` processes do `count` jobs; 0: the producer does them itself. */
async function measure(
  contestant: Contestant,
  [role, count]: ["produce" | "pace", number],
  workers: number,
): Promise<Outcome> {
  const name = `bench-${crypto.randomUUID()}`;
  const roles = [`${role} ${count}`];
  const all: Process[] = [];
  for (let i = 0; i < workers; i++) {
    const worker = await start(contestant.command(name, ["work"]));
    await until([worker], (word) => word === "ready");
    all.push(worker);
  }
  if (workers === 0) roles.unshift("work");
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
  for (const process of all) process.stdin!.close();
  await gather(all.map((process) =>
    createTask(async () => {
      await until([process], (word, [list]) => {
        if (word === "latencies") latencies.push(...JSON.parse(list!));
        return false;
      });
      await process.wait();
    })
  ));
  return { ms: ended - began, latencies };
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

/** What came of all rounds. */
interface Row {
  readonly contestant: Contestant;
  readonly workers: number;
  readonly rates: number[];
  readonly latencies: number[];
}

async function round({ contestant, workers, ...row }: Row): Promise<void> {
  // In memory they would be over before the program has warmed up.
  const count = contestant.shared ? JOBS : JOBS * 20;
  const { ms } = await measure(contestant, ["produce", count], workers);
  row.rates.push(count / ms * 1000);
  const paced = await measure(contestant, ["pace", PACED], workers);
  row.latencies.push(...paced.latencies);
}

/** The median of the rounds, the least and the most; of latencies all. */
function line({ contestant, workers, rates, latencies }: Row): string {
  const [rate, least, most] = [0.5, 0, 1].map((it) =>
    Math.round(percentile(rates, it) / 100) * 100
  );
  const [p50, p99] = [0.5, 0.99].map((it) => percentile(latencies, it));
  return `| ${contestant.title} | ${
    workers || 1
  } | ${rate} (${least}-${most}) | ${p50!.toFixed(2)} | ${p99!.toFixed(2)} |`;
}

await run(async () => {
  await using stack = new AsyncDisposableStack();
  const rows: Row[] = [];
  for (const enter of [memory, nats, bullmq]) {
    try {
      const contestant = stack.use(await enter());
      for (const workers of contestant.shared ? [1, 4] : [0]) {
        rows.push({ contestant, workers, rates: [], latencies: [] });
      }
    } catch (error) {
      console.error(`without ${enter.name}: ${error}`);
    }
  }
  // In turns, so that what else the machine does meets all of them.
  for (let i = 0; i < ROUNDS; i++) {
    for (const row of rows) await round(row);
  }
  console.log("| queue | worker processes | jobs/s | p50 ms | p99 ms |");
  console.log("| --- | --- | --- | --- | --- |");
  for (const row of rows) console.log(line(row));
});
