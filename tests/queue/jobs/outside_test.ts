import { memoryJobs, schedule } from "@asyncio/asyncio/queue/jobs";
import { createTask, run } from "@asyncio/asyncio/tasks";

// The runtime calls a test in the context of the last import of a module.

Deno.test("a schedule by cron in a run loads its parser outside of the run", async () => {
  await run(async () => {
    await using jobs = memoryJobs<string>();
    await schedule(jobs, { name: "a", cron: "0 * * * *", value: "x" });
  });
});

Deno.test("the next test can create tasks", async () => {
  await createTask(() => {});
});
