/** Errors that no code catches. @module */

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
  if (report.error === undefined) console.error(report.message);
  else console.error(`${report.message}\n`, report.error);
}
