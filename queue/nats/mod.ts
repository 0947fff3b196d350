/**
 * Jobs on NATS JetStream: the queues of `@asyncio/asyncio/queue/jobs`, over many
 * processes and machines, on servers that may fail.
 *
 * ```ts
 * import { type Jobs, memoryJobs, work } from "@asyncio/asyncio/queue/jobs";
 * import { natsJobs } from "@asyncio/asyncio/queue/nats";
 * import { createTask, run } from "@asyncio/asyncio/tasks";
 *
 * interface Mail {
 *   to: string;
 * }
 *
 * // The one place that differs: NATS=nats://127.0.0.1:4222, or nothing.
 * async function open(): Promise<Jobs<Mail>> {
 *   const servers = Deno.env.get("NATS");
 *   if (servers === undefined) return memoryJobs<Mail>();
 *   return await natsJobs<Mail>({ servers, name: "mails" });
 * }
 *
 * await run(async () => {
 *   await using mails = await open();
 *   const worker = createTask(() =>
 *     work(mails, ({ to }) => console.log(`to ${to}`), { concurrency: 8 })
 *   );
 *   await mails.put({ to: "ada" }); // for any worker, on any machine
 *   await mails.join();
 *   worker.cancel();
 * });
 * ```
 *
 * It needs a `nats-server` of 2.9 or later with JetStream (`nats-server -js`;
 * Debian has it), and uses NATS's own client.
 *
 * The guarantees are those of `@asyncio/asyncio/queue/jobs`. The following is what
 * the network adds.
 *
 * ## When something fails
 *
 * | what fails | what happens |
 * | --- | --- |
 * | no server is there, or none accepts the login | `natsJobs` throws a {@linkcode NatsError} that names them, within `connectTimeout` |
 * | there are fewer servers than a job is kept on | opening the queue for the first time waits for them, within `connectTimeout`; then it throws a {@linkcode NatsError} that says what to do |
 * | the connection is lost | it is made again, for ever; waits go on, and requests are repeated |
 * | a server goes silent, without closing its connections | another one is used within a third of a lease |
 * | the connection is lost while a `put` is on its way | the `put` is repeated under the same id: put once, unless that takes longer than `window` |
 * | it is lost while a job is settled | the settlement is repeated until the lease runs out; then it rejects with a `LeaseLostError` |
 * | the answer to a `release` or `retry` is lost | the request is repeated; a worker that has got the job meanwhile may lose it to another |
 * | it is lost while a job runs in `work` | when the lease runs out, the handler is cancelled: the job may belong to another worker |
 * | a job is handed out into a lost connection | it comes again after its lease, and that was an attempt |
 * | a worker is stopped for longer than a lease, and goes on | it has lost the jobs that it held, and those in its socket; they come again |
 * | a worker is killed | its jobs come again after their leases (the servers wait a tenth longer, 5 s at most) |
 * | a worker ends | its jobs come again at once, and that was no attempt |
 * | a server of a cluster of three is lost | the others go on, after a pause of some seconds; nothing that was put is lost |
 * | servers are restarted one after the other, each before the last one has caught up | 2.15.1 has dropped jobs that processes had: 8 of 225 000, with a restart every 5.5 s. Stop a server only when the last one reports `ok` at `/healthz`: then none of 160 000 was lost |
 * | a loss makes servers keep jobs that are done (many versions do) | they go when a worker is idle, or a process joins, asks for the size, or has no room to put; if the process that did them is gone, they run again |
 * | after its loss a server serves the queue that overlooks the last jobs (2.9.10 does) | another one takes over when a worker is idle, or a process joins, asks for the size, or has no room to put |
 * | most servers of a cluster are lost, or the only one | everything waits until they are back |
 * | a server is killed | jobs that were done in its last minutes may be there again: see below; their ids are forgotten |
 * | a server is killed just after it has handed a job out, and forgets that | the job stays with the process that has it; when it is done, that is confirmed a second or two later |
 * | the same, on a single server, and the queue has a `maxSize` | 2.9.10 counts these jobs, and deletes the oldest jobs to keep the bound, **done or not** |
 * | a single server loses its power | what it has not yet written to its disk is lost: minutes, by default (`sync_interval`) |
 * | the storage of the server or the account is used up | `put` throws a {@linkcode NatsError} |
 * | an operator deletes the queue | waits reject with a {@linkcode NatsError}; settling a job of the old queue does not settle one of a new queue |
 *
 * A wait has no time limit of its own: put a `timeout` around it, or give it a
 * signal, if waiting for servers is worse than an error.
 *
 * ## Duplicates
 *
 * If a server is lost, a job that was done just before may come again: the worker
 * got the confirmation, but not all servers have the news. Each process remembers
 * the jobs that it has done, up to 131 072 of them. If a job comes again for no
 * known reason, the other processes are asked whether they have done it, or hold
 * it: then it does not run. Their answers are waited for, 300 ms at most.
 * After the connection was made again they are asked about every job, until 20 in a
 * row are new to all: the first jobs begin up to a second later.
 *
 * A job that was done by a process that is gone, or out of reach, does run twice.
 * It has the same `id`, and mostly an `attempt` of more than 1, but not always: it
 * is the servers that count attempts.
 *
 * ## Versions of the server
 *
 * Everything works on every server from 2.9 on, and is tested on 2.9, 2.10 and
 * 2.15. These are the differences:
 *
 * | | 2.9 | 2.10 and later |
 * | --- | --- | --- |
 * | a smaller `maxSize` than there are jobs | kept by the processes that put, until there are fewer jobs; then by the servers | kept by the servers |
 * | `retention` | to the millisecond, by the processes that look; the servers free the space | the same; the servers free it within seconds |
 * | `maxSize` on a cluster | kept by the processes that put, one job at a time; each may exceed it by one | the same before 2.15; then kept by the servers |
 * | `rateLimit`, `keyConcurrency` and `"untilDone"` on a cluster | nearly exact: two changes at the same time may both be accepted, mostly while servers are restarted | exact |
 * | priorities, delays, limits, schedules, pauses | a consumer for each priority, records that all processes share | the same: the servers' own schedules, pauses and priority groups do not work with a bound, or choose the worker instead of the job |
 *
 * ## What is on the servers
 *
 * For a queue called `mails`: the stream `JOBS_mails` with a consumer for each
 * priority in use, the dead letters in `DEAD_JOBS_mails`, and in
 * `RETURNED_JOBS_mails` notes on jobs that were given back. `STATE_JOBS_mails`
 * (pauses, limits, schedules, unique ids) and `RESULTS_JOBS_mails` are made on
 * first use; on a cluster, where making them takes all servers, with the queue. All
 * have 3 replicas on a cluster, and stay until an operator deletes them. The
 * subjects begin with `jobs.mails.`; an account needs those, `$JS.API.>`,
 * `$JS.ACK.>` and `_INBOX.>`.
 *
 * A job with its headers must fit into the servers' `max_payload`, 1 MB by default,
 * and so must a result and a report. Of the reason of a dead letter, 500 characters
 * are kept.
 *
 * Delayed jobs have a line of their own in each priority, so that they hold up none
 * that is due. One that is due waits in its process until the jobs that were put
 * before it have come, so that it takes its place by arrival; if none come for 100
 * ms, it goes back.
 *
 * Delays, rates and schedules are measured by the clocks of the machines: let them
 * agree, as with NTP. Looking for a job by its id reads the queue until it is
 * found.
 *
 * If more than one job is done in a millisecond, jobs are fetched ahead of the
 * workers: as many as they do in 10 ms, up to 200. Those that stay longer than
 * 100 ms go back.
 *
 * @module
 */
export { NatsError } from "./errors.ts";
export { natsJobs } from "./nats_jobs.ts";
export type { NatsJobsOptions } from "./nats_options.ts";
export { LeaseLostError } from "../jobs/errors.ts";
export type { Job, JobState } from "../jobs/job.ts";
export type {
  DeadLetter,
  JobInfo,
  Jobs,
  StoredJobState,
} from "../jobs/jobs.ts";
export type { JobsOptions, PutOptions } from "../jobs/options.ts";
export { QueueShutDownError } from "../errors.ts";
export type { WaitOptions } from "../../tasks/kernel/types.ts";
