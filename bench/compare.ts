/**
 * The same work on this package, on bare promises, on CPython's asyncio and
 * uvloop, and on what npm has to offer, in one run.
 *
 * ```sh
 * deno task bench:compare                # everything; writes RESULTS.md and results.svg
 * deno task bench:compare gather queue   # these works, and only on the terminal
 * ```
 *
 * @module
 */
import { run } from "@asyncio/asyncio/tasks";
import { findContestants } from "./compare/contestants.ts";
import { race } from "./compare/race.ts";
import { missing, ratios } from "./compare/table.ts";
import { workNames } from "./compare/works.ts";

async function main(): Promise<void> {
  const chosen = workNames.filter((name) =>
    Deno.args.length === 0 || Deno.args.includes(name)
  );
  const [contestants, absent] = await findContestants();
  const results = [];
  for (const work of chosen) {
    const result = await race(work, contestants);
    console.error(work);
    results.push(result);
  }
  console.log(ratios(results, contestants));
  console.log(missing(absent));
}

await run(main);
