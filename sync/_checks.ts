/** @module */
import { describe } from "../tasks/kernel/types.ts";

/**
 * Throws unless `value` is a whole number from `least`: a `TypeError` if it is
 * no number at all, or else a `RangeError`.
 */
export function checkWhole(
  value: unknown,
  what: string,
  least = 1,
): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  const Kind = typeof value === "number" ? RangeError : TypeError;
  throw new Kind(
    `${what} is a whole number from ${least}, received ${describe(value)}`,
  );
}
