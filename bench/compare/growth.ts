/** How the cost of one changes with how many there are. */
import { maxConnections } from "./descriptors.ts";
import { plan } from "./plan.ts";
import { denoCommand, Program, Rounds } from "./program.ts";
import { duration, table } from "./table.ts";

/** What grows, and how far on a machine with some gigabytes and ports. */
const KINDS = {
  tasks: { title: "spawn and gather tasks", most: 1_000_000 },
  bare_tasks: {
    title: "bare: Promise.all of async functions",
    most: 1_000_000,
  },
  queue: { title: "put items into a queue, get them", most: 1_000_000 },
  timers: { title: "set timers, cancel them in disorder", most: 1_000_000 },
  bare_timers: { title: "bare: setTimeout, clearTimeout", most: 100_000 },
  waiters: { title: "wait in line for a lock", most: 1_000_000 },
  quitters: { title: "leave that line in disorder", most: 100_000 },
  connections: {
    title: "connect, echo a line, close",
    most: maxConnections(8_000, 2),
  },
};

export type GrowthName = keyof typeof KINDS;

export interface Growth {
  title: string;
  /** Nanoseconds for each, by how many there are. */
  ns: Map<number, number>;
}

/** 1, 10, 100, ... and the most. */
function* amounts(most: number): Generator<number> {
  for (let n = 1; n < most; n *= 10) yield n;
  yield most;
}

export async function grow(kind: GrowthName): Promise<Growth> {
  await using program = await Program.start(denoCommand("growing.ts"), kind);
  const { title, most } = KINDS[kind];
  const ns = new Map<number, number>();
  for (const n of amounts(Math.min(most, plan.maxUnits))) {
    const rounds = new Rounds(program, n, { fewRounds: 1 });
    if (n < 10_000) await rounds.warmUp(); // and after that it is warm
    while (!rounds.areEnough) await rounds.next();
    ns.set(n, rounds.median);
  }
  return { title, ns };
}

export const growthNames = Object.keys(KINDS) as GrowthName[];

export function growthTable(growths: Growth[]): string {
  const sizes = new Set(growths.flatMap(({ ns }) => [...ns.keys()]));
  const header = [...sizes].sort((a, b) => a - b);
  const rows = growths.map(({ title, ns }) => [
    title,
    ...header.map((n) => ns.has(n) ? duration(ns.get(n)!) : ""),
  ]);
  const titles = header.map((n) => n.toLocaleString("en").replaceAll(",", " "));
  return table([["each of", ...titles], ...rows]);
}
