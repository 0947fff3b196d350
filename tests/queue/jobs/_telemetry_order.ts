/**
 * Puts a job without waiting for it, with OpenTelemetry set up by the runtime, and
 * prints how many there are then.
 *
 * OTEL_DENO=true deno run -A _telemetry_order.ts
 */
import { memoryJobs } from "@asyncio/asyncio/queue/jobs";

await using jobs = memoryJobs<string>();
await jobs.put("first"); // loads what makes the spans
const second = jobs.put("second");
console.log(await jobs.size());
await second;
