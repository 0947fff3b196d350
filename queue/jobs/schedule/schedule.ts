/** @module */
import {
  describe,
  requireOptions,
  type WaitOptions,
} from "../../../tasks/kernel/types.ts";
import { composite } from "../../../tasks/kernel/wait/handed_wait.ts";
import type { Jobs } from "../jobs.ts";
import { loadParser, timesOf } from "./recurrence.ts";
import type { Missed } from "./runs.ts";

/** The options of {@linkcode schedule}. */
export interface ScheduleOptions<T> extends WaitOptions {
  /** The name of the schedule: one of each name per queue. */
  name: string;
  /**
   * A cron expression of five fields: minute, hour, day of the month, month and
   * weekday (0 or 7 is Sunday).
   */
  cron?: string | undefined;
  /** Milliseconds between two runs, instead of `cron`. */
  every?: number | undefined;
  /** What is put each time. */
  value: T;
  /**
   * The time zone of `cron`, such as `"Europe/Paris"`; that of the machine by
   * default.
   */
  timeZone?: string | undefined;
  /**
   * What happens to runs that were due while no process had the queue open, or
   * every process stood still for 5 seconds: `"skip"`, the default, starts none
   * of them, `"once"` one for all of them, `"all"` every one.
   */
  missed?: "skip" | "once" | "all" | undefined;
}

/** A checked schedule. */
export interface Schedule<T> {
  readonly name: string;
  readonly cron: string | undefined;
  readonly every: number | undefined;
  readonly timeZone: string | undefined;
  readonly value: T;
  readonly missed: Missed;
}

/** Key of the schedules of a queue. */
export const SCHEDULES: unique symbol = Symbol("schedules");

/** The schedules of one queue. */
export interface Schedules<T> {
  set(schedule: Schedule<T>, options?: WaitOptions): Promise<void>;
  remove(name: string, options?: WaitOptions): Promise<void>;
}

/**
 * Registers a schedule: `value` is put into the queue at its times, once over all
 * processes that have the queue open. A schedule of the same name is replaced. If
 * its times are the same, the planned runs stay, so every process of a program may
 * register it when it starts.
 *
 * - Runs are put while any process has the queue open. `missed` decides about the
 *   runs in between.
 * - The first run of `every` comes after one period.
 * - A run is a job whose id is made of the name and its time.
 * - The schedules of a queue in memory end with it.
 *
 * The meaning of `cron` is that of its parser, croner:
 *
 * - **A time that does not exist**, when the clocks go forward (02:30): the run is
 *   put afterwards, at 03:00.
 * - **A time that comes twice**, when the clocks go back: a fixed time (`30 2`)
 *   runs once, the first time; steps and ranges (`*` `/30`, `1-3`) run in both
 *   hours.
 * - **Day of the month and weekday** both given: either matches.
 * - Names (`MON`, `JAN`), `L` (last day), `15W` (nearest workday) and `5#2`
 *   (second Friday) are known; ranges that wrap (`22-2`) and steps of a number
 *   (`5/15`) are refused, and so is a date that never comes (31 February).
 *
 * **Cancel safety:** given up, the schedule may be registered or not.
 *
 * @typeParam T What the jobs are.
 * @throws {RangeError} The cron expression or the time zone cannot be used, or
 * `every` is not at least 1.
 * @throws {TypeError} An option is of the wrong type, or `value` cannot be
 * encoded.
 * @throws {QueueShutDownError} The queue was closed.
 * @throws {CancelledError} The task was cancelled.
 * @throws The signal's reason, when it aborts.
 *
 * @example
 * ```ts
 * import { memoryJobs, schedule } from "@asyncio/asyncio/queue/jobs";
 * import { run } from "@asyncio/asyncio/tasks";
 * import { VirtualClock } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await run(async () => {
 *   await using jobs = memoryJobs<string>();
 *   await schedule(jobs, { name: "sweep", every: 60_000, value: "sweep" });
 *   await schedule(jobs, {
 *     name: "report",
 *     cron: "30 2 * * MON",
 *     timeZone: "Europe/Paris",
 *     value: "report",
 *     missed: "once",
 *   });
 *   assertEquals((await jobs.get()).value, "sweep"); // a minute later
 * }, { clock: new VirtualClock() });
 * ```
 */
export function schedule<T>(
  jobs: Jobs<T>,
  options: ScheduleOptions<T>,
): Promise<void> {
  return composite(() => register(jobs, options));
}

async function register<T>(
  jobs: Jobs<T>,
  options: ScheduleOptions<T>,
): Promise<void> {
  requireOptions(options, "schedule");
  const { cron, every, timeZone, value, missed = "skip" } = options;
  const name = checkName(options.name);
  if (cron !== undefined) await loadParser();
  timesOf({ cron, every, timeZone }, 0);
  if (!["skip", "once", "all"].includes(missed)) {
    throw new TypeError(
      `Cannot schedule: missed is "skip", "once" or "all", received ${
        describe(missed)
      }`,
    );
  }
  const schedule = { name, cron, every, timeZone, value, missed };
  await schedulesOf(jobs).set(schedule, options);
}

/**
 * Removes the schedule of this name, if there is one. Jobs that it has put stay.
 *
 * **Cancel safety:** given up, the schedule may be removed or not.
 *
 * @throws {TypeError} `name` is not a text.
 * @throws {QueueShutDownError} The queue was closed.
 * @throws {CancelledError} The task was cancelled.
 * @throws The signal's reason, when it aborts.
 *
 * @example
 * ```ts
 * import { memoryJobs, schedule, unschedule } from "@asyncio/asyncio/queue/jobs";
 *
 * await using jobs = memoryJobs<string>();
 * await schedule(jobs, { name: "sweep", every: 60_000, value: "sweep" });
 * await unschedule(jobs, "sweep");
 * ```
 */
export function unschedule<T>(
  jobs: Jobs<T>,
  name: string,
  options?: WaitOptions,
): Promise<void> {
  return composite(async () => {
    await schedulesOf(jobs).remove(checkName(name), options);
  });
}

function checkName(name: unknown): string {
  if (typeof name === "string" && name !== "" && name.isWellFormed()) {
    return name;
  }
  throw new TypeError(
    `Cannot use a schedule: its name is a text that is not empty, received ${
      describe(name)
    }`,
  );
}

function schedulesOf<T>(jobs: Jobs<T>): Schedules<T> {
  const schedules = (jobs as { [SCHEDULES]?: Schedules<T> })?.[SCHEDULES];
  if (schedules !== undefined) return schedules;
  throw new TypeError(
    "Cannot schedule: the queue is not one of memoryJobs or natsJobs",
  );
}

/** The id of the job of one run. */
export function runId(name: string, time: number): string {
  return `${name}@${new Date(time).toISOString()}`;
}
