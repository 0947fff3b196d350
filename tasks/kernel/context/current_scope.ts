/**
 * Which scope the running code is in. It travels in one `AsyncLocalStorage`,
 * the only one of the package. The runtime keeps the store across `await`,
 * timers, microtasks and thenables, but not in listeners of an `EventTarget`,
 * which see the store of the code that dispatches the event.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { BlockScope } from "../cancel/block_scope.ts";
import { type CancelScope, rootFrame } from "../cancel/cancel_scope.ts";
import {
  type ContextFrame,
  noVariables,
  type Variables,
} from "../cancel/context_frame.ts";
import { realClock } from "../loop/clock.ts";
import { Loop } from "../loop/loop.ts";
import { inLoopTurn } from "../loop/scheduler.ts";

const storage = new AsyncLocalStorage<ContextFrame>();

/** The loop of code that runs outside of every `run`. */
export const outsideLoop: Loop = new Loop(realClock);

/** The frame of code that runs outside of every `run`. */
const outside = rootFrame(outsideLoop, noVariables());

/** Returns the frame of the running code. */
export function currentFrame(): ContextFrame {
  return storage.getStore() ?? outside;
}

/** Returns the scope of the running code. */
export function currentScope(): CancelScope {
  return (storage.getStore() ?? outside).scope;
}

/**
 * Returns the scope of the running code; `undefined` if the loop runs its
 * entries.
 */
export function scopeOfCaller(): CancelScope | undefined {
  return inLoopTurn ? undefined : currentScope();
}

/** Returns the context variables of the running code. */
export function currentVariables(): Variables {
  return (storage.getStore() ?? outside).variables;
}

/** Returns a copy of the context variables of the running code. */
export function copyVariables(): Variables {
  return { bindings: currentVariables().bindings };
}

/** Opens a scope inside the current one, in the same task. */
export function openScope(): BlockScope {
  const { scope, variables } = storage.getStore() ?? outside;
  return new BlockScope(scope, variables);
}

/** Calls `fn` in `frame`, and so all that it starts. */
export function runInFrame<T>(frame: ContextFrame, fn: () => T): T {
  return storage.run(frame, fn);
}

/** Calls `fn` inside `scope`, and so all that it starts. */
export function runInScope<T>(scope: CancelScope, fn: () => T): T;
/** Calls `fn(arg)` inside `scope`, and so all that it starts. */
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

/**
 * Calls `body(arg)` inside `scope`. Returns a promise even if `body` does not.
 */
export function callInScope<A, T>(
  scope: CancelScope,
  body: (arg: A) => PromiseLike<T> | T,
  arg: A,
): Promise<T> {
  try {
    // A future that `body` returns is waited for inside `scope`, too.
    return runInScope(scope, () => Promise.resolve(body(arg)));
  } catch (error) {
    return Promise.reject(error);
  }
}
