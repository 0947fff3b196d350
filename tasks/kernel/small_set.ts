/** @module */

/**
 * A set of objects, in order of arrival. Nearly always it has at most one,
 * which then needs no `Set` around it.
 */
export type SmallSet<T extends object> = T | Set<T> | undefined;

/** Returns `set` with `item`. A `Set` is changed in place. */
export function added<T extends object>(
  set: SmallSet<T>,
  item: T,
): SmallSet<T> {
  if (set === undefined) return item;
  return set instanceof Set ? set.add(item) : new Set([set, item]);
}

/** Returns `set` without `item`. A `Set` is changed in place. */
export function removed<T extends object>(
  set: SmallSet<T>,
  item: T,
): SmallSet<T> {
  if (set === item) return undefined;
  if (!(set instanceof Set)) return set;
  set.delete(item);
  return set.size === 0 ? undefined : set;
}

/** Returns the items as an array. */
export function listOf<T extends object>(set: SmallSet<T>): T[] {
  if (set === undefined) return [];
  return set instanceof Set ? [...set] : [set];
}
