/**
 * What travels with code in the asynchronous context: its scope, and its
 * context variables.
 *
 * @module
 */
import type { CancelScope } from "./cancel_scope.ts";

/**
 * The values of context variables. They are never changed in place, so that a
 * copy costs nothing.
 */
export type Bindings = ReadonlyMap<object, unknown>;

/**
 * The context variables of a task or callback. The scopes inside a task share
 * them.
 */
export interface Variables {
  bindings: Bindings;
}

const NONE: Bindings = new Map();

/** Returns variables without a value. */
export function noVariables(): Variables {
  return { bindings: NONE };
}

/**
 * What the asynchronous context holds: where the running code is. The runtime
 * keeps a frame as long as any timer or promise made in it, so a frame holds
 * nothing of a task that has ended.
 */
export interface ContextFrame {
  /** The scope of the code; once that is closed, the scope around it. */
  scope: CancelScope;
  readonly variables: Variables;
}

/** A frame with variables of its own: both are one object. */
class OwnFrame implements ContextFrame, Variables {
  scope: CancelScope;
  bindings: Bindings;

  constructor(scope: CancelScope, bindings: Bindings) {
    this.scope = scope;
    this.bindings = bindings;
  }

  get variables(): Variables {
    return this;
  }
}

/**
 * Returns the frame of the code in `scope`.
 *
 * @param variables The variables, if they are shared, or else the bindings that
 * its own begin with.
 */
export function frameOf(
  scope: CancelScope,
  variables: Variables | Bindings,
): ContextFrame {
  return variables instanceof Map
    ? new OwnFrame(scope, variables)
    : { scope, variables: variables as Variables };
}
