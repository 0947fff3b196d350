/** @module */

/**
 * A copy of arguments, at every depth: changing them after the call changes
 * nothing. What is neither a list nor a plain object is the same.
 */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).map(([key, it]) => [key, copyOf(it)]);
  return Object.fromEntries(entries);
}

/** Whether it is data alone: what has a symbol may be an iterable. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) &&
    Object.getOwnPropertySymbols(value).length === 0;
}
