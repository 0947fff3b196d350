/**
 * What a monitor costs while no client is connected: the benchmarks of the scheduler in a
 * run with one, beside the same in a run without.
 *
 * ```sh
 * deno run -A $(deno run -A tests/std_source.ts) bench/monitor.ts
 * ```
 *
 * The rounds of the two alternate; the best of each benchmark counts. A machine
 * that does other things as well shows differences where there are none, so
 * runs without a monitor are compared with each other, too.
 *
 * @module
 */
import { run } from "@asyncio/asyncio/tasks";

const ROUNDS = Deno.env.has("BENCH_SMOKE") ? 1 : 15;
/** How long each benchmark is repeated in a round. */
const ROUND_MS = Deno.env.has("BENCH_SMOKE") ? 1 : 100;

interface Benchmark {
  readonly name: string;
  readonly fn: () => unknown;
}

const benchmarks: Benchmark[] = [];
const collect = (
  name: string,
  options: { baseline?: boolean },
  fn: () => unknown,
) => {
  if (!options.baseline) benchmarks.push({ name, fn });
};
Deno.bench = Object.assign(collect, Deno.bench) as typeof Deno.bench;
await import("./scheduler_bench.ts");

/** The best time of each benchmark, in milliseconds. */
class Best {
  readonly times = new Map<string, number>();

  add(name: string, time: number): void {
    this.times.set(name, Math.min(this.times.get(name) ?? Infinity, time));
  }
}

/** Runs every benchmark for a while. */
async function round(monitor: boolean, best: Best): Promise<void> {
  await run(async () => {
    // The thread starts beside the run, and is not what is measured.
    if (monitor) await new Promise((resolve) => setTimeout(resolve, 200));
    for (const { name, fn } of benchmarks) {
      const end = performance.now() + ROUND_MS;
      do {
        const start = performance.now();
        await fn();
        best.add(name, performance.now() - start);
      } while (performance.now() < end);
    }
  }, { monitor });
}

const [without, again, monitored] = [new Best(), new Best(), new Best()];
const kinds = [
  () => round(false, without),
  () => round(true, monitored),
  () => round(false, again),
];
for (let i = 0; i < ROUNDS; i++) {
  for (const _ of kinds) {
    await kinds[0]!();
    kinds.push(kinds.shift()!);
  }
  kinds.push(kinds.shift()!); // none is always the first
}

function percent(ratio: number): string {
  return `${ratio < 1 ? "-" : "+"}${(Math.abs(ratio - 1) * 100).toFixed(1)} %`
    .padStart(8);
}

let sum = 0;
let noise = 0;
console.log("monitored  without again");
for (const { name } of benchmarks) {
  const base = without.times.get(name)!;
  const ratio = monitored.times.get(name)! / base;
  const other = again.times.get(name)! / base;
  sum += Math.log(ratio);
  noise += Math.log(other);
  console.log(`${percent(ratio)}   ${percent(other)}   ${name}`);
}
const mean = (logs: number) => Math.exp(logs / benchmarks.length);
console.log(`${percent(mean(sum))}   ${percent(mean(noise))}   mean of all`);
