/** The order of the queue, among jobs that have come. @module */
import type { Delivery } from "./delivery.ts";

interface Delivered {
  readonly delivery: Delivery;
}

function comesBefore(
  { delivery: a }: Delivered,
  { delivery: b }: Delivered,
): boolean {
  return a.line.priority < b.line.priority ||
    (a.line.priority === b.line.priority && a.sequence < b.sequence);
}

/** Adds a job to a list: most urgent first, then in order of arrival. */
export function addInOrder<J extends Delivered>(jobs: J[], job: J): void {
  let at = jobs.length;
  while (at > 0 && comesBefore(job, jobs[at - 1]!)) at--;
  jobs.splice(at, 0, job);
}
