/** Where the values of context variables are kept. @module */

/**
 * The values of context variables; never changed in place, so that a copy costs
 * nothing.
 */
export type Bindings = ReadonlyMap<object, unknown>;

/**
 * Where context variables are set: tasks have one each, the scopes inside a
 * task share it.
 */
export interface Variables {
  bindings: Bindings;
  /** The `Context` that shows them to the public, once it was asked for. */
  context?: object | undefined;
}

const NONE: Bindings = new Map();

/** Fresh variables without a value. */
export function noVariables(): Variables {
  return { bindings: NONE };
}
