/** What a queue was told, checked; the same for every kind. @module */
import { checkMilliseconds, describe } from "../../tasks/kernel/types.ts";
import type { JobsOptions, PutOptions } from "./jobs.ts";

/** How a queue works: its options, with nothing left out. */
export interface Settings {
  /** `Infinity` for no bound. */
  maxSize: number;
  lease: number;
  maxAttempts: number;
  window: number;
}

const DEFAULTS: Settings = {
  maxSize: Infinity,
  lease: 30_000,
  maxAttempts: 5,
  window: 120_000,
};

/**
 * The settings that `options` say, and for the rest those of `otherwise`.
 *
 * @throws {TypeError} One is no number.
 * @throws {RangeError} One makes no sense.
 */
export function settingsOf(
  options: JobsOptions = {},
  otherwise: Settings = DEFAULTS,
): Settings {
  const { maxSize, lease, maxAttempts, window } = options;
  if (maxSize !== undefined) checkCount(maxSize, "maxSize");
  if (lease !== undefined) checkPositive(lease, "lease");
  if (window !== undefined) checkPositive(window, "window");
  if (maxAttempts !== undefined) checkAttempts(maxAttempts);
  return {
    maxSize: maxSize === undefined
      ? otherwise.maxSize
      : maxSize > 0
      ? Math.ceil(maxSize)
      : Infinity,
    lease: lease ?? otherwise.lease,
    maxAttempts: maxAttempts ?? otherwise.maxAttempts,
    window: window ?? otherwise.window,
  };
}

/** Refuses what a put cannot be asked for. */
export function checkPut(options: PutOptions | undefined): void {
  if (options === undefined) return;
  const { id, delay } = options;
  if (delay !== undefined) checkMilliseconds(delay, "the delay");
  if (id === undefined) return;
  if (typeof id !== "string" || id === "" || !id.isWellFormed()) {
    throw new TypeError(
      `the id of a job is a text that is not empty, found ${describe(id)}`,
    );
  }
}

function checkCount(value: unknown, what: string): void {
  if (typeof value !== "number") {
    throw new TypeError(
      `${what} is a number of jobs, found ${describe(value)}`,
    );
  }
  if (Number.isNaN(value)) {
    throw new RangeError(`${what} is a number of jobs, found NaN`);
  }
}

function checkPositive(value: unknown, what: string): void {
  checkMilliseconds(value, what);
  if (value > 0) return;
  throw new RangeError(`${what} is more than 0 milliseconds, found ${value}`);
}

function checkAttempts(value: unknown): void {
  if (typeof value !== "number") {
    throw new TypeError(`maxAttempts is a number, found ${describe(value)}`);
  }
  if (value === Infinity || (Number.isInteger(value) && value >= 1)) return;
  throw new RangeError(
    `maxAttempts is 1 or more, or Infinity, found ${value}`,
  );
}
