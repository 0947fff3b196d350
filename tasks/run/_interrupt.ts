/** Ctrl-C. @module */
import { InterruptError } from "../kernel/errors.ts";

const EXIT_CODE = 130;

let exitsWith130 = false;

/**
 * The error of a run that Ctrl-C has ended; a program that lets it pass exits
 * with code 130, as a shell expects.
 */
export function interruptError(cause: unknown): InterruptError {
  if (!exitsWith130) {
    exitsWith130 = true;
    if ("Deno" in globalThis) exitQuietly();
    else setExitCode();
  }
  return new InterruptError("interrupted by Ctrl-C", { cause });
}

function exitQuietly(): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    if (!(event.reason instanceof InterruptError)) return;
    event.preventDefault();
    Deno.exit(EXIT_CODE);
  });
}

/** Node ends by itself; a listener would keep it from that for all errors. */
function setExitCode(): void {
  globalThis.process.on("uncaughtExceptionMonitor", (error) => {
    if (!(error instanceof InterruptError)) return;
    // Not before: until then Node sets the code itself.
    globalThis.process.once(
      "exit",
      () => void (globalThis.process.exitCode = EXIT_CODE),
    );
  });
}
