/** The errors of job queues. @module */
import type { Job } from "./jobs.ts";

/**
 * The job is not held any more: its lease ran out, and it has come again, to
 * somebody else perhaps; or its queue was closed; or it was settled before, by
 * `done`, `retry`, `fail` or `release`.
 *
 * Thrown by the methods of a {@linkcode Job}, which have changed nothing then:
 * a job that is somebody else's by now cannot be finished by the one that was
 * too slow.
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

/** The error of whatever is asked of a job that is not held any more. */
export function leaseLost(
  { id, state, lease, dropped = false }: Job<unknown> & { dropped?: boolean },
  options?: ErrorOptions,
): LeaseLostError {
  const why = state === "settled"
    ? "it was settled already"
    : dropped
    ? "its queue was closed"
    : `its lease of ${lease} ms ran out`;
  return new LeaseLostError(`job ${JSON.stringify(id)}: ${why}`, options);
}
