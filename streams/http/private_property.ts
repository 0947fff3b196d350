/**
 * What the runtime keeps in its own objects, under symbols. It may be looked at
 * to save time, and only if another runtime, which does not keep it there, gives
 * the same results.
 *
 * @module
 */

/** The symbol of this description that `object` has a property of. */
export function keyOf(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object)
    .find((key) => key.description === description);
}

/** That property of `object`; `undefined` if there is none. */
export function propertyOf(object: object, key: symbol | undefined): unknown {
  return key && (object as Record<symbol, unknown>)[key];
}
