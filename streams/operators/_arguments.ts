/** What operators may be called with. @module */
import { describe } from "../../tasks/kernel/types.ts";

/**
 * Checks a number of items, which may be `Infinity`.
 *
 * @throws {TypeError} `value` is not a number.
 * @throws {RangeError} `value` is not a whole number from 1.
 */
export function checkCount(
  value: unknown,
  caller: string,
  name: string,
): asserts value is number {
  const complaint = `Cannot ${caller}: ${name} is a whole number from 1`;
  checkNumber(value, complaint);
  if (value >= 1 && (Number.isInteger(value) || value === Infinity)) return;
  throw new RangeError(`${complaint}, received ${value}`);
}

/**
 * Checks a time in milliseconds, which may be `Infinity`.
 *
 * @throws {TypeError} `value` is not a number.
 * @throws {RangeError} `value` is negative or `NaN`.
 */
export function checkTime(
  value: unknown,
  caller: string,
  name: string,
): asserts value is number {
  const complaint = `Cannot ${caller}: ${name} is in milliseconds, 0 or more`;
  checkNumber(value, complaint);
  if (value >= 0) return;
  throw new RangeError(`${complaint}, received ${value}`);
}

/** Checks an object with options. */
export function checkOptions(value: unknown, caller: string): void {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(
    `Cannot ${caller}: the options are an object, received ${describe(value)}`,
  );
}

function checkNumber(
  value: unknown,
  complaint: string,
): asserts value is number {
  if (typeof value === "number") return;
  throw new TypeError(`${complaint}, received ${describe(value)}`);
}
