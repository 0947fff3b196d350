/**
 * Puts jobs and does them, with OpenTelemetry set up by the runtime.
 *
 * OTEL_DENO=true deno run -A _telemetry_program.ts [SERVER]
 */
import { type Jobs, memoryJobs, work } from "@asyncio/asyncio/queue/jobs";
import { natsJobs } from "@asyncio/asyncio/queue/nats";
import { createTask, run } from "@asyncio/asyncio/tasks";

const [servers] = Deno.args;

async function open(): Promise<Jobs<string>> {
  if (servers === undefined) return memoryJobs<string>({ maxAttempts: 1 });
  return await natsJobs<string>({
    servers,
    name: "mails",
    maxAttempts: 1,
    connectTimeout: 30_000,
  });
}

await run(async () => {
  await using jobs = await open();
  const worker = createTask(() =>
    work(jobs, (value) => {
      if (value === "bad") throw new TypeError("no");
    })
  );
  await jobs.put("good", { id: "1" });
  await jobs.put("bad", { id: "2" });
  await jobs.put("x", { priority: 7 as 1 }).catch(() => {});
  await jobs.join();
  worker.cancel();
  await worker.catch(() => {});
});
