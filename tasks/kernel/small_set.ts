/** @module */

/**
 * None, one, or several, in order of arrival: nearly always at most one, which
 * then needs no set around it.
 */
export type SmallSet<T extends object> = T | Set<T> | undefined;

/** `few`, which may have been changed, and `one`. */
export function added<T extends object>(few: SmallSet<T>, one: T): SmallSet<T> {
  if (few === undefined) return one;
  return few instanceof Set ? few.add(one) : new Set([few, one]);
}

/** `few`, which may have been changed, without `one`. */
export function removed<T extends object>(
  few: SmallSet<T>,
  one: T,
): SmallSet<T> {
  if (few === one) return undefined;
  if (!(few instanceof Set)) return few;
  few.delete(one);
  return few.size === 0 ? undefined : few;
}

/** A list of them. */
export function listOf<T extends object>(few: SmallSet<T>): T[] {
  if (few === undefined) return [];
  return few instanceof Set ? [...few] : [few];
}
