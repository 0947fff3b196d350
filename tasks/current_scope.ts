/**
 * Which scope the running code is in: it travels in one `AsyncLocalStorage`,
 * the only one of the package. The runtime keeps its store across `await`,
 * timers, microtasks and thenables, but not in listeners of an `EventTarget`,
 * which see the store of whoever dispatches.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { realClock } from "./clock.ts";
import { draining, Scheduler } from "./scheduler.ts";
import { inNoTask, type Scope, type Whereabouts } from "./scope.ts";
import { noVariables, type Variables } from "./_variables.ts";

const storage = new AsyncLocalStorage<Whereabouts>();

/** The scheduler of the process's default loop. */
export const outsideScheduler: Scheduler = new Scheduler(realClock);

/** Where code is that runs outside of every `run`. */
const outside = inNoTask(outsideScheduler, noVariables());

/** The scope of the code that asks. */
export function currentScope(): Scope {
  return (storage.getStore() ?? outside).scope;
}

/** The same, but none where it is the loop that asks. */
export function callingScope(): Scope | undefined {
  return draining ? undefined : currentScope();
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
export function openScope(): Scope {
  const { scope, variables } = storage.getStore() ?? outside;
  return scope.open(variables);
}

/** Calls `fn`, and all that it starts, as if it were there. */
export function runAt<T>(where: Whereabouts, fn: () => T): T {
  return storage.run(where, fn);
}

/** Calls `fn`, and all that it starts, inside `scope`. */
export function runInScope<T>(scope: Scope, fn: () => T): T;
/** Calls `fn(arg)`, and all that it starts, inside `scope`. */
export function runInScope<A, T>(scope: Scope, fn: (arg: A) => T, arg: A): T;
export function runInScope<A, T>(
  scope: Scope,
  fn: (arg: A) => T,
  arg?: A,
): T {
  return storage.run(scope.whereabouts, fn, arg as A);
}

/** Calls `body(arg)`, which may be asynchronous or not, inside `scope`. */
export function callIn<A, T>(
  scope: Scope,
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
