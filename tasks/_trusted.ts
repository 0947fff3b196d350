/** @module */
import { Future } from "./future.ts";

/**
 * What settles as `thenable` does, and as promises do: once, later, with no
 * promise as the value, and in the context in which it was asked to. A `then`
 * that throws rejects.
 */
export function trusted(thenable: PromiseLike<unknown>): PromiseLike<unknown> {
  const { then } = thenable;
  if (then === Promise.prototype.then) return thenable;
  if (then === Future.prototype.then) return thenable;
  return new Promise((resolve, reject) => then.call(thenable, resolve, reject));
}
