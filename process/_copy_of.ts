/** @module */

/**
 * Copies arguments, at every depth, so that changing them after the call changes
 * nothing. Values other than lists and plain objects are not copied.
 */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).map(([key, it]) => [key, copyOf(it)]);
  return Object.fromEntries(entries);
}

/** Whether `value` is a plain object. One with a symbol may be an iterable. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) &&
    Object.getOwnPropertySymbols(value).length === 0;
}
