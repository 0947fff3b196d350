/** The checked options of a queue and of a put, for all kinds of queues. @module */
import {
  checkMilliseconds,
  checkOptions,
  describe,
} from "../../tasks/kernel/types.ts";
import type { JobsOptions, PutOptions } from "./options.ts";

/** The options of the queue itself, with their defaults. */
export interface Settings {
  /** `Infinity` for no bound. */
  maxSize: number;
  lease: number;
  maxAttempts: number;
  window: number;
  /** How long results are kept, in milliseconds. */
  keepDone: number;
  /** How long dead letters are kept, in milliseconds. */
  keepDead: number;
}

const DEFAULTS: Settings = {
  maxSize: Infinity,
  lease: 30_000,
  maxAttempts: 5,
  window: 120_000,
  keepDone: 60_000,
  keepDead: Infinity,
};

/** The priority of a job that is put without one. */
export const DEFAULT_PRIORITY = 2;

/** All priorities, the most urgent first. */
export const PRIORITIES = [0, 1, 2, 3] as const;

/** How urgent a job is. */
export type Priority = (typeof PRIORITIES)[number];

/**
 * Returns the settings in `options`; those that are left out are as in `otherwise`.
 *
 * @throws {TypeError} One is of the wrong type.
 * @throws {RangeError} One is out of range.
 */
export function settingsOf(
  options: JobsOptions = {},
  otherwise: Settings = DEFAULTS,
): Settings {
  const { maxSize, lease, maxAttempts, window, retention } = options;
  if (maxSize !== undefined) {
    checkCount(maxSize, "Cannot open a queue of jobs: maxSize");
  }
  if (lease !== undefined) {
    checkPositive(lease, "Cannot open a queue of jobs: lease");
  }
  if (window !== undefined) {
    checkPositive(window, "Cannot open a queue of jobs: window");
  }
  if (maxAttempts !== undefined) checkAttempts(maxAttempts);
  checkRetention(retention);
  return {
    maxSize: maxSize === undefined
      ? otherwise.maxSize
      : maxSize > 0
      ? Math.ceil(maxSize)
      : Infinity,
    lease: lease ?? otherwise.lease,
    maxAttempts: maxAttempts ?? otherwise.maxAttempts,
    window: window ?? otherwise.window,
    keepDone: retention?.done ?? otherwise.keepDone,
    keepDead: retention?.dead ?? otherwise.keepDead,
  };
}

/** Refuses bad options of a put. */
export function checkPut(options: PutOptions | undefined): void {
  checkOptions(options, "put");
  if (options === undefined) return;
  const { id, delay, priority, expires, key, unique } = options;
  if (delay !== undefined) checkMilliseconds(delay, "Cannot put: the delay");
  if (expires !== undefined) checkPositive(expires, "Cannot put: expires");
  if (priority !== undefined && !PRIORITIES.includes(priority)) {
    throw new RangeError(
      `Cannot put: the priority is 0, 1, 2 or 3, received ${
        describe(priority)
      }`,
    );
  }
  if (unique !== undefined && unique !== "window" && unique !== "untilDone") {
    throw new TypeError(
      `Cannot put: unique is "window" or "untilDone", received ${
        describe(unique)
      }`,
    );
  }
  if (id !== undefined) checkText(id, "Cannot put: the id of a job");
  if (key !== undefined) checkText(key, "Cannot put: the key of a job");
}

/** The last moment that a `Date` can express. */
const LAST_MOMENT = 8.64e15;

/** The moment in `ms` milliseconds, by `Date.now()`, however many they are. */
export function momentIn(ms: number): number {
  return Math.min(Math.ceil(Date.now() + ms), LAST_MOMENT);
}

/** Returns a rejection if `id` cannot be the id of a job. */
export function rejectionOfId(id: unknown): Promise<never> | undefined {
  try {
    checkText(id, "Cannot find a job: the id of a job");
    return undefined;
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A job of a `putMany`. */
type Listed<T> = { value: T } & Omit<PutOptions, "signal">;

/** Iterates over the list of a `putMany`; what is no job throws a `TypeError`. */
export function* listed<T>(list: Iterable<Listed<T>>): Iterable<Listed<T>> {
  const hint = "it takes a list of { value, ...options }";
  if (typeof list?.[Symbol.iterator] !== "function") {
    throw new TypeError(
      `Cannot put many: ${hint}, received ${describe(list)}`,
    );
  }
  for (const job of list) {
    if (typeof job === "object" && job !== null) yield job;
    else {
      throw new TypeError(
        `Cannot put many: ${hint}, with ${describe(job)} in it`,
      );
    }
  }
}

/** Whether it can be an id or a key: servers keep it as UTF-8. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}

function checkText(value: unknown, subject: string): void {
  if (isId(value)) return;
  throw new TypeError(
    `${subject} is a well-formed text that is not empty, received ${
      describe(value)
    }`,
  );
}

function checkRetention(retention: JobsOptions["retention"]): void {
  if (retention === undefined) return;
  if (retention === null || typeof retention !== "object") {
    throw new TypeError(
      `Cannot open a queue of jobs: retention is { done, dead }, received ${
        describe(retention)
      }`,
    );
  }
  const { done, dead } = retention;
  if (done !== undefined) {
    checkMilliseconds(done, "Cannot open a queue of jobs: retention.done");
  }
  if (dead !== undefined) {
    checkPositive(dead, "Cannot open a queue of jobs: retention.dead");
  }
}

function checkCount(value: unknown, subject: string): void {
  if (typeof value !== "number") {
    throw new TypeError(
      `${subject} is a number of jobs, received ${describe(value)}`,
    );
  }
  if (Number.isNaN(value)) {
    throw new RangeError(`${subject} is a number of jobs, received NaN`);
  }
}

function checkPositive(value: unknown, subject: string): void {
  checkMilliseconds(value, subject);
  if (value > 0) return;
  throw new RangeError(
    `${subject} is more than 0 milliseconds, received ${value}`,
  );
}

function checkAttempts(value: unknown): void {
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot open a queue of jobs: maxAttempts is a number, received ${
        describe(value)
      }`,
    );
  }
  if (value === Infinity || (Number.isInteger(value) && value >= 1)) return;
  throw new RangeError(
    `Cannot open a queue of jobs: maxAttempts is 1 or more, or Infinity, received ${value}`,
  );
}

/** Refuses what is no state of a stored job. */
export function checkState(state: unknown): void {
  if (["waiting", "delayed", "leased", "dead"].includes(state as string)) {
    return;
  }
  throw new TypeError(
    `Cannot list jobs: a state is "waiting", "delayed", "leased" or "dead", received ${
      describe(state)
    }`,
  );
}
