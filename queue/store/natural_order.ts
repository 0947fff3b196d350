/** @module */
import type { KeyedOrder } from "./keyed_heap.ts";

/**
 * The natural order of numbers, bigints, strings and dates, and of arrays of
 * these: item by item, and if one is the beginning of the other, the shorter one
 * first. All other values are equal, so `[priority, payload]` needs no order of
 * payloads.
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

/** The kinds of items that have keys; a list has the key of its first item. */
const NUMBER = 1;
const DATE = 2;
const STRING = 3;
const LIST = 4;

/**
 * The natural order with keys. The key of a number or a date is its value, that of
 * a string is made of its first characters, that of a list is the key of its first
 * item.
 *
 * Two items of different kinds are equal, and must not be ordered by their keys.
 * So in a queue only items of one kind have keys: the kind of the first item.
 */
export class NaturalOrder implements KeyedOrder<unknown> {
  readonly compare = compare;
  isExact = true;
  #kind = 0;

  keyOf(item: unknown): number {
    if (typeof item === "number") return this.#keyFor(NUMBER, item, true);
    const kind = kindOf(item);
    if (kind > 0) return this.#keyFor(kind, keyOf(item, kind), kind === DATE);
    const head = Array.isArray(item) ? item[0] : undefined;
    const kindOfHead = kindOf(head);
    if (kindOfHead > 0) {
      return this.#keyFor(LIST + kindOfHead, keyOf(head, kindOfHead), false);
    }
    this.isExact = false;
    return NaN;
  }

  #keyFor(kind: number, key: number, isExact: boolean): number {
    if (this.#kind === 0) this.#kind = kind;
    if (!isExact || this.#kind !== kind) this.isExact = false;
    return this.#kind === kind ? key : NaN;
  }
}

function kindOf(value: unknown): number {
  if (typeof value === "string") return STRING;
  if (isNumeric(value)) return NUMBER;
  return value instanceof Date ? DATE : 0;
}

function keyOf(value: unknown, kind: number): number {
  if (kind === STRING) return keyOfString(value as string);
  return kind === DATE ? (value as Date).getTime() : Number(value);
}

/** The first three characters, as a number of 48 bits. */
function keyOfString(value: string): number {
  return (codeAt(value, 0) * 0x10000 + codeAt(value, 1)) * 0x10000 +
    codeAt(value, 2);
}

function codeAt(value: string, index: number): number {
  return index < value.length ? value.charCodeAt(index) : 0;
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
