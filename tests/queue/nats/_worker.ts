/**
 * A worker process: takes jobs until it is killed.
 *
 * deno run -A _worker.ts SERVERS NAME hang|work
 */
import { work } from "@asyncio/asyncio/queue/jobs";
import { run, sleep } from "@asyncio/asyncio/tasks";
import { open } from "./_open.ts";

const [servers = "", name = "", mode] = Deno.args;

await run(async () => {
  await using jobs = await open<string>({ address: servers }, { name });
  await work(jobs, async (value, { attempt }) => {
    console.log(`${value} ${attempt}`);
    if (mode === "hang") await sleep(Infinity);
  }, { grace: 50 });
});
