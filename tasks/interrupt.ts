/** Ctrl-C. @module */
import { InterruptError } from "./errors.ts";

let exitsWith130 = false;

/**
 * The error of a run that Ctrl-C has ended; a program that lets it pass exits
 * with code 130, as a shell expects.
 */
export function interruptError(cause: unknown): InterruptError {
  if (!exitsWith130 && "Deno" in globalThis) {
    exitsWith130 = true;
    globalThis.addEventListener("unhandledrejection", (event) => {
      if (!(event.reason instanceof InterruptError)) return;
      event.preventDefault();
      Deno.exit(130);
    });
  }
  return new InterruptError("interrupted by Ctrl-C", { cause });
}
