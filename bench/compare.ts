/**
 * The same work on this package, on bare promises, on CPython's asyncio and
 * uvloop, and on what npm has to offer, in one run; how the cost grows with the
 * size, and what things weigh.
 *
 * ```sh
 * deno task bench:compare                     # everything; writes RESULTS.md and results.svg
 * deno task bench:compare gather queue        # these works alone, on the terminal
 * deno task bench:compare gather bare asyncio # and against these alone
 * ```
 *
 * @module
 */
import { runSubprocess } from "@asyncio/asyncio/process";
import { run } from "@asyncio/asyncio/tasks";
import { draw } from "./compare/chart.ts";
import { findContestants } from "./compare/contestants.ts";
import { peerNames } from "./compare/peer_names.ts";
import { grow, growthNames, growthTable } from "./compare/growth.ts";
import { memoryKinds, memoryTable, weigh } from "./compare/memory.ts";
import { plan } from "./compare/plan.ts";
import { race } from "./compare/race.ts";
import { type Report, reportOf } from "./compare/report.ts";
import { ratios } from "./compare/table.ts";
import { type WorkName, workNames } from "./compare/works.ts";

const parts = [...workNames, "growth", "memory"];

/** What was asked for: all, where nothing was. */
function chosenFrom<Name extends string>(names: readonly Name[]): Name[] {
  const chosen = names.filter((name) => Deno.args.includes(name));
  return chosen.length > 0 ? chosen : [...names];
}

function refuseUnknown(): void {
  const known: string[] = [...parts, ...peerNames];
  const unknown = Deno.args.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  console.error(`not known: ${unknown.join(" ")}\nknown: ${known.join(" ")}`);
  Deno.exit(2);
}

/** All of it takes minutes: what is asked for is told as it goes. */
async function measure(): Promise<Report> {
  const [contestants, absent] = await findContestants(chosenFrom(peerNames));
  const results = [], growths = [], memories = [];
  for (const part of chosenFrom(parts)) {
    console.error(`${part} ...`);
    if (part === "growth") {
      for (const name of growthNames) growths.push(await grow(name));
      console.log(growthTable(growths));
    } else if (part === "memory") {
      for (const kind of memoryKinds) {
        memories.push(await weigh(kind, contestants));
      }
      console.log(memoryTable(memories));
    } else results.push(await race(part as WorkName, contestants));
  }
  if (results.length > 0) console.log(ratios(results, contestants));
  for (const { name, reason } of absent) {
    console.log(`without ${name}: ${reason}`);
  }
  return { contestants, absent, results, growths, memories };
}

async function write(report: Report): Promise<void> {
  const here = import.meta.dirname!;
  const table = `${here}/RESULTS.md`;
  const chart = `${here}/results.svg`;
  await Deno.writeTextFile(table, reportOf(report));
  await Deno.writeTextFile(chart, draw(report.results, report.contestants));
  await runSubprocess([Deno.execPath(), "fmt", "--quiet", table, chart], {
    check: true,
  });
}

async function main(): Promise<void> {
  refuseUnknown();
  const report = await measure();
  if (Deno.args.length > 0 || plan.isSmoke) return;
  await write(report);
}

await run(main);
