/** Where the values of context variables are kept. @module */

/**
 * The values of context variables; never changed in place, so that a copy costs
 * nothing.
 */
export type Bindings = ReadonlyMap<object, unknown>;

/**
 * The context variables of a task or callback. The scopes inside a task share
 * them.
 */
export interface Variables {
  bindings: Bindings;
  /** The public `Context` of these variables, if it was asked for. */
  context?: object | undefined;
}

const NONE: Bindings = new Map();

/** Returns variables without a value. */
export function noVariables(): Variables {
  return { bindings: NONE };
}
