/** @module */

/**
 * Takes the reports out that a task was cancelled a second ago and still runs:
 * on a slow machine that is no fault of its program.
 */
export function withoutSlowEnds(stderr: string): string {
  return stderr.replace(
    /^(?:Task ".*" was|\d+ more were) cancelled .*\n/gm,
    "",
  );
}
