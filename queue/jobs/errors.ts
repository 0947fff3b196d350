/** The errors of job queues. @module */
import { QueueShutDownError } from "../errors.ts";
import type { Job } from "./job.ts";

/**
 * The job is no longer held: its lease ran out, it was cancelled, its queue was
 * closed, or it was settled before by `done`, `retry`, `fail` or `release`.
 *
 * The methods of a {@linkcode Job} reject with it, and have changed nothing then: a
 * worker that was too slow cannot settle a job that belongs to another one now.
 *
 * @example
 * ```ts
 * import { LeaseLostError, memoryJobs } from "@asyncio/asyncio/queue/jobs";
 * import { assertRejects } from "@std/assert";
 *
 * await using jobs = memoryJobs<string>();
 * await jobs.put("a");
 * const job = await jobs.get();
 * await job.done();
 * await assertRejects(() => job.done(), LeaseLostError);
 * ```
 */
export class LeaseLostError extends Error {
  /** `"LeaseLostError"` */
  override name = "LeaseLostError";
}

/** Why a job no longer belongs to its holder. */
export type Loss = "expired" | "cancelled" | "closed";

/** The error of a method of a job that is no longer held. */
export function leaseLost(
  { id, state, lease, loss }: Job<unknown> & { loss?: Loss | undefined },
  options?: ErrorOptions,
): LeaseLostError {
  const why = state === "settled"
    ? "it was settled already"
    : loss === "closed"
    ? "its queue was closed"
    : loss === "cancelled"
    ? "it was cancelled"
    : `its lease of ${lease} ms ran out`;
  return new LeaseLostError(`job ${JSON.stringify(id)}: ${why}`, options);
}

/**
 * The error of a method of a queue that was closed.
 *
 * @param action What cannot be done: `"put"`.
 */
export function closedError(
  action: string,
  options?: { item: unknown },
): QueueShutDownError {
  return new QueueShutDownError(
    `Cannot ${action}: the queue of jobs is closed`,
    options,
  );
}

/** The error of a wait for the result of an unknown job. */
export function unknownJob(id: string): Error {
  return new Error(
    `Cannot wait for the result of job ${
      JSON.stringify(id)
    }: there is no such job, or its result is no longer kept`,
  );
}
