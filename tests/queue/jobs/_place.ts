/**
 * Where queues of one kind are opened, for one test.
 *
 * @module
 */
import { assertRejects } from "@std/assert";
import {
  type DeadLetter,
  type Job,
  type Jobs,
  type JobsOptions,
  LeaseLostError,
} from "@asyncio/asyncio/queue/jobs";
import { CancelledError, sleep, type Task } from "@asyncio/asyncio/tasks";

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
  /** Runs a test: on a clock of its own, if the queue is on the loop's clock. */
  run?: <T>(body: () => Promise<T>) => Promise<T>;
  place(): Promise<Place>;
}

/** Defines a test of all kinds. */
export type Define = (
  what: string,
  body: (place: Place) => Promise<void>,
) => void;

/** Defines tests for one kind of queue. */
export function definerFor(
  { name, ignore = false, run = (body) => body(), place }: Kind,
): Define {
  return (what, body) =>
    Deno.test({
      name: `${name}: ${what}`,
      ignore,
      fn: () =>
        run(async () => {
          await using here = await place();
          await body(here);
        }),
    });
}

/**
 * A lease that runs out while a test waits for it. On a busy machine it may run
 * out at any moment, and more than once: no test may rely on when.
 */
export const SHORT = 1000;

/**
 * A lease that a test keeps by extending it, and that others run out: a process
 * that stands still for three or four seconds does not lose it.
 */
export const KEPT = 5000;

/**
 * Waits until `count` puts wait for room. Before that, one that was called later may
 * find room that one before it has just missed.
 */
export async function putsWait<T>(
  jobs: Jobs<T>,
  count: number,
): Promise<void> {
  while (!Deno.inspect(jobs).includes(`putters: ${count}`)) await sleep(1);
}

/** Takes the next job, has it done, and says what it was. */
export async function take<T>(jobs: Jobs<T>): Promise<T> {
  const job = await jobs.get();
  await job.done();
  return job.value;
}

/**
 * Has `job` done. If its lease has run out, as the machine is busy, it is the
 * attempt that comes next.
 */
export async function finish<T>(jobs: Jobs<T>, job: Job<T>): Promise<void> {
  while (true) {
    try {
      return await job.done();
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
    }
    if (await jobs.size() === 0) return; // it was done: the answer came too late
    job = await jobs.get();
  }
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
