/** @module */
import { rootFrame } from "../cancel/cancel_scope.ts";
import { copyVariables, currentScope, runInFrame } from "./current_scope.ts";

/**
 * Calls `fn` on the current loop but in no task: for background work, and for
 * the callbacks of Web Streams, which run in the context of the code that came first.
 * No cancel of a task, timeout or group reaches the waits begun in it.
 */
export function detached<T>(fn: () => T): T {
  const { loop } = currentScope();
  return runInFrame(rootFrame(loop, copyVariables()), fn);
}
