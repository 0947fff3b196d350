/** A process on memory: or on NATS: deno run -A this_package.ts WHERE NAME ROLE... */
import { type Jobs, memoryJobs, work } from "@asyncio/asyncio/queue/jobs";
import { natsJobs } from "@asyncio/asyncio/queue/nats";
import { createTask, run } from "@asyncio/asyncio/tasks";
import { play } from "./roles.js";

interface Value {
  sent: number;
}

const [where = "memory:", name = "bench", ...roles] = Deno.args;

await run(async () => {
  const jobs: Jobs<Value> = where === "memory:"
    ? memoryJobs<Value>()
    : await natsJobs<Value>({ servers: where, name });
  await play({
    put: (value) => jobs.put(value),
    work(handler, concurrency) {
      const worker = createTask(() => work(jobs, handler, { concurrency }));
      return Promise.resolve(async () => {
        worker.cancel();
        await worker.catch(() => {});
      });
    },
    close: () => jobs[Symbol.asyncDispose](),
  }, roles);
});
