/** When a schedule is due. @module */
import type { Cron } from "npm:croner@11.0.1";
import { checkMilliseconds, describe } from "../../../tasks/kernel/types.ts";
import { importOutside } from "../../../tasks/kernel/wait/lazy_module.ts";

/** The parser of cron expressions; loaded when it is needed. */
let parser: typeof Cron | undefined;

/** Loads the parser, which {@linkcode timesOf} needs for `cron`. */
export async function loadParser(): Promise<void> {
  parser ??= (await importOutside(() => import("npm:croner@11.0.1"))).Cron;
}

/** The options of a schedule that are about time. */
export interface Recurrence {
  readonly cron?: string | undefined;
  readonly every?: number | undefined;
  readonly timeZone?: string | undefined;
}

/** The times of a schedule, in milliseconds since 1970. */
export interface Times {
  /** Returns the first one after `time`. */
  next(time: number): number;
  /** Returns the last one up to `time`. */
  last(time: number): number;
}

/**
 * The times of a recurrence; those of `every` are counted from `start`. For
 * `cron` the parser must have been loaded.
 *
 * @throws {TypeError} Not exactly one of `cron` and `every` is given, or an
 * option is of the wrong type.
 * @throws {RangeError} The cron expression, the time zone or the number cannot
 * be used.
 */
export function timesOf(
  { cron, every, timeZone }: Recurrence,
  start: number,
): Times {
  if ((cron === undefined) === (every === undefined)) {
    const found = cron === undefined ? "neither" : "both";
    throw new TypeError(
      `Cannot schedule: expected either cron or every, received ${found}`,
    );
  }
  checkTimeZone(timeZone);
  return every === undefined
    ? cronTimes(cron!, timeZone)
    : everyTimes(every, start);
}

function everyTimes(every: number, start: number): Times {
  checkMilliseconds(every, "Cannot schedule: every");
  if (!(every >= 1 && every < Infinity)) {
    throw new RangeError(
      `Cannot schedule: every is at least 1 millisecond, received ${every}`,
    );
  }
  return {
    next: (time) => start + (Math.floor((time - start) / every) + 1) * every,
    last: (time) => start + Math.floor((time - start) / every) * every,
  };
}

function cronTimes(expression: string, timeZone: string | undefined): Times {
  if (typeof expression !== "string") {
    throw new TypeError(
      `Cannot schedule: cron is a text of five fields, received ${
        describe(expression)
      }`,
    );
  }
  if (expression.trim().split(/\s+/).length !== 5) {
    throw new RangeError(
      `Cannot use the cron expression ${
        describe(expression)
      }: it has five fields: minute, hour, day of the month, month, weekday`,
    );
  }
  const cron = parsed(expression, timeZone);
  const next = (time: number) => cron.nextRun(new Date(time))?.getTime();
  if (next(Date.now()) === undefined) {
    throw new RangeError(
      `Cannot use the cron expression ${
        describe(expression)
      }: there is no such date`,
    );
  }
  return {
    next: (time) => next(time) ?? Infinity,
    last: (time) => {
      // The last one before the next millisecond: `time` itself counts.
      const [run] = cron.previousRuns(1, new Date(time + 1));
      return run?.getTime() ?? -Infinity;
    },
  };
}

function parsed(expression: string, timezone: string | undefined): Cron {
  try {
    const options = { paused: true, mode: "5-part" as const };
    return new parser!(
      expression,
      timezone === undefined ? options : { ...options, timezone },
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(
      `Cannot use the cron expression ${describe(expression)}: ${why}`,
      { cause },
    );
  }
}

function checkTimeZone(timeZone: unknown): void {
  if (timeZone === undefined) return;
  if (typeof timeZone !== "string") {
    throw new TypeError(
      `Cannot schedule: a time zone is a name such as "Europe/Paris", received ${
        describe(timeZone)
      }`,
    );
  }
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch (cause) {
    throw new RangeError(
      `Cannot schedule: timeZone is the name of a time zone, received ${
        describe(timeZone)
      }`,
      {
        cause,
      },
    );
  }
}
