/**
 * Jobs that survive the process that took them, as in distributed task queues.
 *
 * An item of a `Queue` is gone when it was taken. A **job** is leased: it belongs
 * to its worker for a time, and comes again unless the worker confirms that the
 * job is done. Workers may throw, hang, or be killed; the job goes to the next one.
 *
 * ```ts
 * import { memoryJobs, work } from "@asyncio/asyncio/queue/jobs";
 * import { createTask, run } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const sent: string[] = [];
 *
 * await run(async () => {
 *   await using mails = memoryJobs<{ to: string }>({ maxAttempts: 3 });
 *   const worker = createTask(() =>
 *     work(mails, ({ to }, { attempt }) => {
 *       if (to === "bob" && attempt === 1) throw new Error("try again");
 *       if (to === "eve") throw new Error("no such address");
 *       sent.push(to);
 *     }, { concurrency: 4, backoff: () => 5 })
 *   );
 *   for (const to of ["ada", "bob", "eve"]) await mails.put({ to });
 *   await mails.join(); // every job is done, or was given up
 *   worker.cancel(); // takes no more, and lets those finish that run
 *
 *   for await (const letter of mails.deadLetters()) {
 *     assertEquals(letter.value, { to: "eve" });
 *   }
 * });
 * assertEquals(sent, ["ada", "bob"]);
 * ```
 *
 * {@linkcode memoryJobs} keeps the jobs in this process. `natsJobs` of
 * `@asyncio/asyncio/queue/nats` keeps them on NATS JetStream, where they outlive
 * the process and are shared by many machines. Both return a {@linkcode Jobs} with
 * the same contract: only the line that opens the queue differs.
 *
 * ## What becomes of a job
 *
 * | the worker calls | the job |
 * | --- | --- |
 * | `done(result)` | does not come again; {@linkcode Jobs.result} resolves to the result |
 * | `retry(delay)` | comes again, as its next attempt; after the last one it is a dead letter |
 * | `release()` | comes again at once, as if it had not been taken |
 * | `fail(reason)` | is a dead letter |
 * | `extend()` | belongs to its worker for another lease |
 * | nothing, until the lease runs out | comes again, as its next attempt; after the last one it is a dead letter |
 *
 * {@linkcode work} makes these calls. Use `get` and a loop of your own if you need
 * something else.
 *
 * ## What can be asked of a queue
 *
 * | for | there is |
 * | --- | --- |
 * | urgent jobs | `put(value, { priority: 0 })`, with four levels, of which none starves |
 * | later | `put(value, { delay })`; delayed jobs hold up none that is due |
 * | not too late | `put(value, { expires })`, `work(…, { timeout })` |
 * | once | `put(value, { id })`, and `unique: "untilDone"` |
 * | regularly | {@linkcode schedule}, by cron expression or period |
 * | not too fast | `work(…, { rateLimit })`, and `keyConcurrency` for each `key` |
 * | many at a time | `putMany`, `work(…, { batch })` |
 * | looking | `counts`, `list`, `job.report(progress)`, `result` |
 * | stepping in | `remove`, `cancel`, `pause`, `resume`, `deadLetters` |
 * | the terminal and the browser | `deno run -A jsr:@asyncio/asyncio/queue/cli` |
 * | metrics and traces | OpenTelemetry, if the program or `OTEL_DENO=true` has set it up |
 *
 * ## What is promised
 *
 * - **At least once.** A job whose `put` has resolved is handed out until a worker
 *   has called `done`, or its attempts are used up: then it is a dead letter. No
 *   job is lost.
 * - **Order of arrival** within a priority: jobs are handed out in this order. A
 *   job that comes again is handed out before those that came later. Delayed jobs
 *   are handed out when they are due.
 * - **One holder at a time**, by the clock: as long as the `state` of a job is
 *   `"leased"`, no other worker has it. A worker that is too slow gets a
 *   {@linkcode LeaseLostError}, and cannot settle a job that another one has. If a
 *   process was stopped for longer than a lease, it has lost its jobs.
 * - **A bound is a bound**: `put` waits while `maxSize` jobs are waiting,
 *   delayed or leased.
 * - **Cancelled waits leave no trace.** A `get` that is cancelled takes no job. A
 *   worker that is cancelled gives back its jobs at once.
 *
 * ## What is not, and what to do about it
 *
 * - **Not exactly once.** A job runs twice if its worker did the work, and then
 *   was killed, or lost its lease, before `done` was confirmed. The second run has
 *   the same `id`, and an `attempt` of more than 1. So let the work be harmless
 *   when it is repeated: write with the `id` as the key, or note the `id` in the
 *   same transaction. (If a dead letter is requeued, its job begins with attempt 1
 *   again.)
 * - **No order among workers.** Two workers run two jobs side by side, and a job
 *   that failed runs after later ones. If the order matters, use one worker with
 *   `concurrency: 1`, and `maxAttempts: Infinity` with `backoff: () => 0`.
 * - **Put once only within the window.** A second `put` with the same `id` does
 *   nothing for `window` milliseconds (2 minutes by default) after the first,
 *   also if that job is done; later it puts a new job. Without an `id`, every
 *   `put` puts a new job.
 * - **A lease is as good as the clock.** Choose one that is longer than a pause
 *   of your process may be (`work` extends it three times in its length), and
 *   short enough to wait for when a worker is killed.
 * - **Dead letters stay**: nothing happens to them by itself. Look at
 *   `deadLetters()`, repair what was wrong, then `requeue` or `drop` them.
 * - **Memory is memory**: the jobs of {@linkcode memoryJobs} end with the
 *   process.
 *
 * ## Values
 *
 * Values are stored as JSON, in memory as well, unless the options have `encode`
 * and `decode`, which may be asynchronous. A job that cannot be decoded becomes a
 * dead letter, with the bytes in `data`, and holds up no other job.
 *
 * ## Telemetry
 *
 * If OpenTelemetry is set up, each put is a span `put NAME`, and each call of a
 * handler is a span `process NAME` that is linked to the put, by the conventions
 * for messaging. The metrics are `messaging.client.sent.messages`,
 * `messaging.client.consumed.messages`, `messaging.client.operation.duration` of
 * puts and `messaging.process.duration` of handlers.
 *
 * @module
 */
export { fullJitter } from "./backoff.ts";
export { LeaseLostError } from "./errors.ts";
export type { Job, JobState } from "./job.ts";
export type { DeadLetter, JobInfo, Jobs, StoredJobState } from "./jobs.ts";
export { memoryJobs } from "./memory_jobs.ts";
export type { JobsOptions, PutOptions } from "./options.ts";
export {
  schedule,
  type ScheduleOptions,
  unschedule,
} from "./schedule/schedule.ts";
export { work, type WorkOptions } from "./work.ts";
export { QueueShutDownError } from "../errors.ts";
export type { WaitOptions } from "../../tasks/kernel/types.ts";
