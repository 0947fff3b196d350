/**
 * Which scope the running code is in: it travels in one `AsyncLocalStorage`,
 * the only one of the package. The runtime keeps its store across `await`,
 * timers, microtasks and thenables, but not in listeners of an `EventTarget`,
 * which see the store of the code that dispatches.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { BlockScope } from "../cancel/block_scope.ts";
import {
  type CancelScope,
  type ContextFrame,
  rootFrame,
} from "../cancel/cancel_scope.ts";
import { realClock } from "../loop/clock.ts";
import { Loop } from "../loop/loop.ts";
import { inLoopTurn } from "../loop/scheduler.ts";
import { noVariables, type Variables } from "../variables.ts";

const storage = new AsyncLocalStorage<ContextFrame>();

/** The loop of the code that runs outside of every `run`. */
export const outsideLoop: Loop = new Loop(realClock);

/** Where code is that runs outside of every `run`. */
const outside = rootFrame(outsideLoop, noVariables());

/** Where the code that asks runs. */
export function currentFrame(): ContextFrame {
  return storage.getStore() ?? outside;
}

/** The scope of the code that asks. */
export function currentScope(): CancelScope {
  return (storage.getStore() ?? outside).scope;
}

/** The same, but none where it is the loop that asks. */
export function scopeOfCaller(): CancelScope | undefined {
  return inLoopTurn ? undefined : currentScope();
}

/** The context variables of the code that asks. */
export function currentVariables(): Variables {
  return (storage.getStore() ?? outside).variables;
}

/** A copy of them. */
export function copyVariables(): Variables {
  return { bindings: currentVariables().bindings };
}

/** Opens a scope inside the current one, for the same task. */
export function openScope(): BlockScope {
  const { scope, variables } = storage.getStore() ?? outside;
  return new BlockScope(scope, variables);
}

/** Calls `fn`, and all that it starts, as if it were there. */
export function runInFrame<T>(frame: ContextFrame, fn: () => T): T {
  return storage.run(frame, fn);
}

/** Calls `fn`, and all that it starts, inside `scope`. */
export function runInScope<T>(scope: CancelScope, fn: () => T): T;
/** Calls `fn(arg)`, and all that it starts, inside `scope`. */
export function runInScope<A, T>(
  scope: CancelScope,
  fn: (arg: A) => T,
  arg: A,
): T;
export function runInScope<A, T>(
  scope: CancelScope,
  fn: (arg: A) => T,
  arg?: A,
): T {
  return storage.run(scope.frame, fn, arg as A);
}

/** Calls `body(arg)`, which may be asynchronous or not, inside `scope`. */
export function callInScope<A, T>(
  scope: CancelScope,
  body: (arg: A) => PromiseLike<T> | T,
  arg: A,
): Promise<T> {
  try {
    // What it gives is waited for in there as well.
    return runInScope(scope, () => Promise.resolve(body(arg)));
  } catch (error) {
    return Promise.reject(error);
  }
}
