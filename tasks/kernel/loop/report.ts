/** Errors that no code catches. @module */
import { safeLines } from "../watch/safe_text.ts";

/** What is known of an error that no code catches. */
export interface Report {
  message: string;
  error?: unknown;
  task?: unknown;
  future?: unknown;
}

/**
 * The default report: on stderr, with the stack of the error and its causes.
 */
export function printReport(report: Report): void {
  if (report.error === undefined) printText(report.message);
  else printError(report.message, report.error);
}

/**
 * Prints on stderr. If that cannot be written, it does nothing: a full disk
 * must not end the program.
 */
export function printText(text: string): void {
  try {
    console.error(safeLines(text));
  } catch {
    // There is no other place to report to.
  }
}

/** Does the same, with an error. */
export function printError(message: string, error: unknown): void {
  try {
    const shown = inspect(error);
    const safe = safeLines(shown);
    // The console colors an error, but not its text.
    console.error(`${safeLines(message)}\n`, safe === shown ? error : safe);
  } catch {
    // As above.
  }
}

function inspect(value: unknown): string {
  return "Deno" in globalThis
    ? Deno.inspect(value)
    : globalThis.process.getBuiltinModule("node:util").inspect(value);
}
