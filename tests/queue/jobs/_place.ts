/**
 * Where queues of one kind are opened, for one test.
 *
 * @module
 */
import { assertRejects } from "@std/assert";
import type {
  DeadLetter,
  Job,
  Jobs,
  JobsOptions,
} from "@asyncio/asyncio/queue/jobs";
import { CancelledError, type Task } from "@asyncio/asyncio/tasks";

/** Queues of one kind, for one test. */
export interface Place extends AsyncDisposable {
  /** Whether every queue that is opened is the same one. */
  readonly shared?: boolean;
  open<T>(options?: JobsOptions<T>): Promise<Jobs<T>>;
}

/** A kind of queue. */
export interface Kind {
  name: string;
  ignore?: boolean;
  place(): Promise<Place>;
}

/** Defines a test of all kinds. */
export type Define = (
  what: string,
  body: (place: Place) => Promise<void>,
) => void;

/** Defines tests for one kind of queue. */
export function definerFor({ name, ignore = false, place }: Kind): Define {
  return (what, body) =>
    Deno.test({
      name: `${name}: ${what}`,
      ignore,
      async fn() {
        await using here = await place();
        await body(here);
      },
    });
}

/** A lease that runs out while a test waits for it. */
export const SHORT = 400;

/** Takes the next job, has it done, and says what it was. */
export async function take<T>(jobs: Jobs<T>): Promise<T> {
  const job = await jobs.get();
  await job.done();
  return job.value;
}

/** All dead letters. */
export function letters<T>(jobs: Jobs<T>): Promise<DeadLetter<T>[]> {
  return Array.fromAsync(jobs.deadLetters());
}

/** All that settles a job. */
export function waysToSettle(job: Job<unknown>): (() => Promise<void>)[] {
  return [
    () => job.done(),
    () => job.retry(),
    () => job.release(),
    () => job.fail("too late"),
  ];
}

/** Ends work by a cancel. */
export async function end(worker: Task<void>): Promise<void> {
  worker.cancel();
  await assertRejects(async () => await worker, CancelledError);
}
