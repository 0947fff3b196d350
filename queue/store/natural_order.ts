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

/**
 * Returns a function for the keys of a heap in natural order: a number or a date
 * is its own key, a list has the number at its head.
 *
 * A list, a number and a date are equal to each other, so only items of one kind
 * get keys: the kind that comes first.
 */
export function naturalKeys(): (item: unknown) => number {
  let kind: string | undefined;
  const ofKind = (found: string, key: number) =>
    (kind ??= found) === found ? key : NaN;
  return (item) => {
    if (isNumeric(item)) return ofKind("number", Number(item));
    if (Array.isArray(item)) {
      return isNumeric(item[0]) ? ofKind("list", Number(item[0])) : NaN;
    }
    return item instanceof Date ? ofKind("date", item.getTime()) : NaN;
  };
}

/**
 * Throws a `TypeError` if `item` has no place in the order: it is `NaN` or an
 * invalid date, or a list that holds one.
 */
export function checkOrdered(item: unknown): void {
  if (typeof item === "number") {
    if (Number.isNaN(item)) throw unordered("NaN");
  } else if (Array.isArray(item)) {
    for (const each of item) checkOrdered(each);
  } else if (item instanceof Date) {
    if (Number.isNaN(item.getTime())) throw unordered("an invalid date");
  }
}

function unordered(found: string): TypeError {
  return new TypeError(
    `Cannot put: an item of a PriorityQueue has a place in its order, received ${found}`,
  );
}
