/**
 * What the stack of an error says of the code that uses this package.
 *
 * @module
 */

const ROOT = new URL("..", import.meta.url).href;
const OWN = ["tasks", "sync", "queue", "streams", "process", "testing"]
  .map((area) => `${ROOT}${area}/`);

/**
 * The line of the code that has called into this package: `"at main
 * (file:///.../main.ts:3:9)"`.
 */
export function callerIn(error: Error): string | undefined {
  return framesOf(error).find((frame) => !isOwn(frame));
}

/** The function of this package that was called: `"Lock.acquire"`. */
export function calledIn(error: Error): string | undefined {
  const frames = framesOf(error);
  const end = frames.findIndex((frame) => !isOwn(frame));
  const called = frames[(end < 0 ? frames.length : end) - 1];
  return called?.match(/^at (?:async )?([\w.#]+) \(/)?.[1];
}

/** The lines of the stack that lie in some file, not inside the runtime. */
function framesOf({ stack = "" }: Error): string[] {
  return stack.split("\n").map((line) => line.trim())
    .filter((line) => /^at .*:\/\/.*:\d+:\d+\)?$/.test(line));
}

function isOwn(frame: string): boolean {
  return OWN.some((area) => frame.includes(area));
}
