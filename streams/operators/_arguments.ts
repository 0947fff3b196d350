/** What operators may be called with. @module */
import { describe } from "../../tasks/kernel/types.ts";

/**
 * Checks a number of items, which may be `Infinity` unless `most` is given.
 *
 * @param action What cannot be done with another value: `"map"`.
 * @throws {TypeError} `value` is not a number.
 * @throws {RangeError} `value` is not a whole number from 1.
 */
export function checkCount(
  value: unknown,
  name: string,
  { action, most = Infinity }: { action: string; most?: number },
): asserts value is number {
  const complaint = `Cannot ${action}: ${name} is a whole number from 1`;
  checkNumber(value, complaint);
  const isWhole = Number.isInteger(value) || value === Infinity;
  if (isWhole && value >= 1 && value <= most) return;
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
  name: string,
  { action }: { action: string },
): asserts value is number {
  const complaint = `Cannot ${action}: ${name} is in milliseconds, 0 or more`;
  checkNumber(value, complaint);
  if (value >= 0) return;
  throw new RangeError(`${complaint}, received ${value}`);
}

function checkNumber(
  value: unknown,
  complaint: string,
): asserts value is number {
  if (typeof value === "number") return;
  throw new TypeError(`${complaint}, received ${describe(value)}`);
}
