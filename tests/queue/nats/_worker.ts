/**
 * A worker process: takes jobs until it is killed.
 *
 * deno run -A _worker.ts SERVERS NAME hang|work
 */
import { work } from "@asyncio/asyncio/queue/jobs";
import { natsJobs } from "@asyncio/asyncio/queue/nats";
import { run, sleep } from "@asyncio/asyncio/tasks";

const [servers = "", name = "", mode] = Deno.args;

await run(async () => {
  await using jobs = await natsJobs<string>({ servers, name });
  await work(jobs, async (value, { attempt }) => {
    console.log(`${value} ${attempt}`);
    if (mode === "hang") await sleep(Infinity);
  }, { grace: 50 });
});
