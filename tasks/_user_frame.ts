/** @module */

const ROOT = new URL("..", import.meta.url).href;
const OWN = ["tasks", "sync", "queue", "streams", "process", "testing"]
  .map((area) => `${ROOT}${area}/`);

/** How deep the user's code may lie below this package's. */
const DEPTH = 25;

/** A stack for {@linkcode userFrame}, deeper than usual. */
export function captureStack(): Error {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  const error = new Error("here");
  Error.stackTraceLimit = before;
  return error;
}

/**
 * The line of the user's code in a stack, the first that is not this package's:
 * `"main (file:///.../main.ts:3:9)"`.
 */
export function userFrame(error: Error | undefined): string | undefined {
  for (const line of (error?.stack ?? "").split("\n")) {
    const frame = /^\s*at (?:async )?(.*:\/\/.*:\d+:\d+\)?)$/.exec(line)?.[1];
    if (frame === undefined || frame.includes("ext:")) continue;
    if (!OWN.some((area) => frame.includes(area))) return frame;
  }
  return undefined;
}
