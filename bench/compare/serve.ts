/**
 * A contestant's side of the measuring. Without arguments it tells its title
 * and what it can do. With the name of a work it does a round for every line
 * that comes in, and answers each with the time that one unit took.
 */
import { createInterface } from "node:readline";
import { stdin } from "node:process";
import type { WorkName } from "./works.ts";

/** Does so many units. */
export type Work = (units: number) => PromiseLike<unknown>;

/** Asks for a round: `units` at a time, again and again for at least `ms`. */
export interface Round {
  units: number;
  ms: number;
}

/** The answer: nanoseconds for each unit. */
export interface Answer {
  ns: number;
}

/** Calls `main` in what the contestant wants to run in. */
export type Enter = (main: () => Promise<void>) => Promise<void>;

export async function serve<Name extends string = WorkName>(
  title: string,
  works: { [N in NoInfer<Name>]?: Work },
  enter: Enter = (main) => main(),
): Promise<void> {
  const [name] = Deno.args;
  if (name === undefined) {
    console.log(JSON.stringify({ title, works: Object.keys(works) }));
    return;
  }
  const work = works[name as Name]!;
  await enter(async () => {
    for await (const line of createInterface({ input: stdin })) {
      const ns = await timeOf(work, JSON.parse(line));
      console.log(JSON.stringify({ ns } satisfies Answer));
    }
  });
}

async function timeOf(work: Work, { units, ms }: Round): Promise<number> {
  const start = performance.now();
  let times = 0;
  let spent = 0;
  do {
    await work(units);
    times++;
    spent = performance.now() - start;
  } while (spent < ms);
  return spent * 1e6 / times / units;
}

/** Told by every work whose result is not what it is to be. */
export function check(done: number, units: number): void {
  if (done !== units) throw new Error(`did ${done} units of ${units}`);
}
