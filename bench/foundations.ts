/**
 * The protocols of examples/ beside other implementations of them, by turns in one
 * run: prints a table of ratios. What is not installed is left out.
 *
 * ```sh
 * deno run -A bench/foundations.ts                 # everything
 * deno run -A bench/foundations.ts postgres http   # these alone
 * ```
 *
 * @module
 */
import { run } from "@asyncio/asyncio/tasks";
import { type Contest, hold, type Outcome } from "./foundations/contest.ts";
import { http } from "./foundations/http.ts";
import { mqtt } from "./foundations/mqtt.ts";
import { postgres } from "./foundations/postgres.ts";
import { websocket } from "./foundations/websocket.ts";

/** Each gives its contests one after the other, and ends what it has started. */
const parts: Record<string, () => AsyncGenerator<Contest>> = {
  postgres,
  http,
  websocket,
  mqtt,
};

await run(async () => {
  console.log(
    "| work | implementation | a second | µs of processor | this is |",
  );
  console.log("| --- | --- | --- | --- | --- |");
  for (const [name, part] of Object.entries(parts)) {
    if (Deno.args.length > 0 && !Deno.args.includes(name)) continue;
    for await (const contest of part()) await show(contest);
  }
});

async function show(contest: Contest): Promise<void> {
  const { work, target = 0 } = contest;
  const [ours, ...others] = await hold(contest);
  console.log(`| ${work} | ${ours!.name} | ${figures(ours!)} | |`);
  for (const [i, other] of others.entries()) {
    const { name, ratio, least, most } = other;
    const range = `${ratio.toFixed(2)} × (${least.toFixed(2)}-${
      most.toFixed(2)
    })`;
    const goal = i > 0 || target === 0 ? "" : `, to be ${target} ×`;
    console.log(`| | ${name} | ${figures(other)} | ${range}${goal} |`);
  }
}

function figures({ rate, cpu }: Outcome): string {
  return `${round(rate)} | ${cpu === undefined ? "" : cpu.toPrecision(3)}`;
}

/** To three digits. */
function round(rate: number): string {
  return Number(rate.toPrecision(3)).toLocaleString("en");
}
