/** @module */
import { CancelledError } from "./errors.ts";

/**
 * The error of a cancel, as the kernel makes it. Only debug mode gives it a
 * stack: that of whoever has cancelled, which takes as long as all the rest of
 * a cancel.
 */
export function cancellation(
  { debug }: { readonly debug: boolean },
  message?: string,
  options?: ErrorOptions,
): CancelledError {
  if (debug) return new CancelledError(message, options);
  // A stack begins where the constructor was called. This one was not, so the
  // engine finds no frame to keep.
  return Reflect.construct(Error, [message, options], CancelledError);
}
