/** @module */
import { rootFrame } from "../cancel/cancel_scope.ts";
import { copyVariables, currentScope, runInFrame } from "./current_scope.ts";

/**
 * Calls `fn` on the current loop, but in no task: for background work, and for
 * the callbacks of Web Streams, which the runtime calls in the context of any
 * code that uses the stream. No cancel reaches the waits that are begun in it.
 */
export function detached<T>(fn: () => T): T {
  const { loop } = currentScope();
  return runInFrame(rootFrame(loop, copyVariables()), fn);
}
