/** What operators may be called with. @module */
import { checkMilliseconds } from "../../tasks/kernel/types.ts";

/**
 * Checks a time in milliseconds, which may be `Infinity`.
 *
 * @param subject How the message begins: `"Cannot debounce: the time"`.
 * @throws {TypeError} `value` is not a number.
 * @throws {RangeError} `value` is negative or `NaN`.
 */
export function checkTime(
  value: unknown,
  subject: string,
): asserts value is number {
  checkMilliseconds(value, subject);
  if (value >= 0) return;
  throw new RangeError(
    `${subject} is a number of milliseconds of 0 or more, received ${value}`,
  );
}
