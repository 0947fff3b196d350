/** @module */

/**
 * The natural order of numbers, bigints, strings and dates, and of arrays of
 * them item by item, a prefix before what it is a prefix of. What it does not
 * know is equal, so that `[priority, payload]` needs no order of payloads.
 */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return order(a, b);
  if (isNumeric(a) && isNumeric(b)) return order(a, b);
  if (typeof a === "string" && typeof b === "string") return order(a, b);
  if (a instanceof Date && b instanceof Date) {
    return order(a.getTime(), b.getTime());
  }
  if (Array.isArray(a) && Array.isArray(b)) return compareItems(a, b);
  return 0;
}

function compareItems(a: unknown[], b: unknown[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const result = compare(a[i], b[i]);
    if (result !== 0) return result;
  }
  return a.length - b.length;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function order<T extends number | bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
