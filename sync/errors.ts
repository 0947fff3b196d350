/** @module */

/** The pool is closed, or was closed while a call waited. */
export class PoolClosedError extends Error {
  /** `"PoolClosedError"` */
  override name = "PoolClosedError";
}
