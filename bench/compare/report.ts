/** RESULTS.md: the tables, and what they were measured on. */
import { cpus, totalmem } from "node:os";
import type { Absent, Contestant } from "./contestants.ts";
import { type Growth, growthTable } from "./growth.ts";
import { type Memory, memoryTable } from "./memory.ts";
import type { Result } from "./race.ts";
import { ratios } from "./table.ts";

export interface Report {
  results: Result[];
  growths: Growth[];
  memories: Memory[];
  contestants: Contestant[];
  absent: Absent[];
}

function machine(): string {
  const [cpu] = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const { deno, v8 } = Deno.version;
  return [
    `${cpus().length} × ${cpu!.model.trim()}, ${gigabytes} GB`,
    `${Deno.build.os} ${Deno.osRelease()}`,
    `Deno ${deno}, V8 ${v8}`,
  ].join("; ");
}

function versions({ contestants, absent }: Report): string {
  return [
    ...contestants.map(({ title }) => `- ${title}`),
    ...absent.map(({ name, reason }) => `- without ${name}: ${reason}`),
  ].join("\n");
}

export function reportOf(report: Report): string {
  const { results, growths, memories, contestants } = report;
  const date = new Date().toISOString().slice(0, 10);
  return `# Measured

\`deno task bench:compare\` has written this on ${date}, on ${machine()}.

${versions(report)}

Everyone does the very same work in a program of its own, in rounds that
alternate, and what counts is the median of the rounds. The works are described
in [works.ts](./compare/works.ts), and how each does them in
[peers](./compare/peers). The ratios are what to look at: the machine had other
things to do as well.

## Time

\`4.0 ×\` says: takes four times as long as this package. Bare promises are the
floor: no tasks, no cancelling, no queue. Where the ratio was to reach a number,
✓ says that it does; in bold stands what it is to reach and does not, or who
from npm is faster. [FLOORS.md](./FLOORS.md) says what stands in the way.

${ratios(results, contestants)}

![The times as bars](./results.svg)

## How the cost grows

The time for each, when there are so many of them at once. To stay the same from
left to right (for timers: to grow like the logarithm).

${growthTable(growths)}

## Memory

What each adds to the memory of the process when its garbage is collected, with
a hundred thousand tasks or five thousand connections.

${memoryTable(memories)}
`;
}
