/** The same work on several programs, by turns. @module */
import {
  createSubprocessExec,
  DEVNULL,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import { median } from "../compare/plan.ts";

export const SMOKE = Deno.env.has("BENCH_SMOKE");
/** Many short rounds: other work on the machine then falls on all alike. */
const ROUNDS = SMOKE ? 1 : 15;

/** One that does the work. */
export interface Contestant {
  name: string;
  /** Does it once. */
  round: () => Promise<Round>;
  /** The process whose processor time counts. */
  pid?: number;
}

/** So many pieces of work in so many seconds. */
export interface Round {
  count: number;
  seconds: number;
}

/** A piece of work; the first contestant is this package's. */
export interface Contest {
  work: string;
  contestants: Contestant[];
  /** What is to be reached, as times the second's. */
  target?: number;
}

/** What came out: pieces in a second, the median of the rounds. */
export interface Outcome {
  name: string;
  rate: number;
  /** This package's rate in this one's, the median of the rounds, least, most. */
  ratio: number;
  least: number;
  most: number;
  /** Its processor time for a piece, in microseconds. */
  cpu: number | undefined;
}

/** Lets them work by turns; the ratios are those within a round. */
export async function hold(contest: Contest): Promise<Outcome[]> {
  const { contestants } = contest;
  const rates = contestants.map((): number[] => []);
  const costs = contestants.map((): number[] => []);
  for (const { round } of contestants) await round(); // warms up
  for (let i = 0; i < ROUNDS; i++) {
    for (const [j, { round, pid }] of contestants.entries()) {
      const before = pid === undefined ? NaN : processorTime(pid);
      const { count, seconds } = await round();
      rates[j]!.push(count / seconds);
      if (pid !== undefined) {
        costs[j]!.push((processorTime(pid) - before) / count);
      }
    }
  }
  return contestants.map(({ name, pid }, j) => {
    const ratios = rates[j]!.map((rate, i) => rates[0]![i]! / rate);
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
    return {
      ...{ name, rate: median(rates[j]!) },
      ...{ ratio: median(ratios), least, most },
      cpu: pid === undefined ? undefined : median(costs[j]!),
    };
  });
}

/** Of a process, in microseconds: the kernel counts in hundredths of a second. */
function processorTime(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** A piece of work, and how long it took. */
export async function timed(
  count: number,
  work: () => Promise<unknown>,
): Promise<Round> {
  const began = performance.now();
  await work();
  return { count, seconds: (performance.now() - began) / 1000 };
}

/** Starts a program, and hears what it prints; servers complain of their load. */
export function start(command: string[]): Promise<Process> {
  const [program, ...args] = command;
  const options = { stdout: PIPE, stdin: PIPE, stderr: DEVNULL } as const;
  return createSubprocessExec(program!, args, options);
}

/** A server that runs, and the port that it has printed. */
export type RunningServer = [name: string, port: number, pid: number];

/** Starts servers, each to be ended with `stack`; leaves out what does not start. */
export async function startServers(
  commands: Record<string, string[]>,
  stack: AsyncDisposableStack,
): Promise<RunningServer[]> {
  const servers: RunningServer[] = [];
  for (const [name, command] of Object.entries(commands)) {
    const process = stack.use(await start(command));
    const port = await nextNumber(process).catch(() => undefined);
    if (port !== undefined) servers.push([name, port, process.pid]);
    else console.error(`without ${name}: it does not start`);
  }
  return servers;
}

/** The last number in the next line that a program prints. */
export async function nextNumber(process: Process): Promise<number> {
  const line = await process.stdout!.readTextLine();
  const found = /([\d.]+)$/.exec(line ?? "");
  if (found === null) throw new Error(`Cannot read a number in ${line}`);
  return Number(found[1]);
}

export const deno = (file: string, ...args: string[]): string[] => [
  ...[Deno.execPath(), "run", "-A", "--quiet", "--no-lock", "--config"],
  new URL("../../deno.json", import.meta.url).pathname,
  new URL(file, import.meta.url).pathname,
  ...args,
];
