/**
 * The lines of the user's code in stacks, and where tasks were made.
 *
 * @module
 */
import { safe } from "./safe_text.ts";

const ROOT = new URL("../../..", import.meta.url).href;
const OWN = ["tasks", "sync", "queue", "streams", "process", "testing"]
  .map((area) => `${ROOT}${area}/`);

/** How many frames of a stack are searched for the user's code. */
const STACK_DEPTH = 25;

/** A stack for {@linkcode userFrame}. */
export function captureStack(): Error {
  return withDeepStack(() => new Error("here"));
}

/** Makes an error whose stack is deep enough to have the user's code. */
export function withDeepStack<E extends Error>(make: () => E): E {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_DEPTH;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = before;
  }
}

/**
 * Returns the first line of a stack that is not of this package:
 * `"main (file:///.../main.ts:3:9)"`.
 */
export function userFrame(error: Error | undefined): string | undefined {
  for (const line of (error?.stack ?? "").split("\n")) {
    const frame = /^\s*at (?:async )?(.*:\/\/.*:\d+:\d+\)?)$/.exec(line)?.[1];
    if (frame === undefined || frame.includes("ext:")) continue;
    if (!isOwn(frame)) return safe(frame);
  }
  return undefined;
}

const stacks = new WeakMap<object, Error>();

/** Notes that the running code makes `task`. */
export function noteMade(task: object): void {
  stacks.set(task, captureStack());
}

/** Returns the user's line where `task` was made, if that was noted. */
export function madeAt(task: object): string | undefined {
  return userFrame(stacks.get(task));
}

/**
 * Returns the line of the code that has called into this package, as a stack
 * shows it: `"at main (file:///.../main.ts:3:9)"`.
 */
export function callerIn(error: Error): string | undefined {
  const frame = framesOf(error).find((frame) => !isOwn(frame));
  return frame === undefined ? undefined : safe(frame);
}

/** Returns the function of this package that was called: `"Lock.acquire"`. */
export function calledIn(error: Error): string | undefined {
  const frames = framesOf(error);
  const end = frames.findIndex((frame) => !isOwn(frame));
  const called = frames[(end < 0 ? frames.length : end) - 1];
  return called?.match(/^at (?:async )?([\w.#]+) \(/)?.[1];
}

/** Returns the lines of a stack that are in a file, not in the runtime. */
function framesOf({ stack = "" }: Error): string[] {
  return stack.split("\n").map((line) => line.trim())
    .filter((line) => /^at .*:\/\/.*:\d+:\d+\)?$/.test(line));
}

function isOwn(frame: string): boolean {
  return OWN.some((area) => frame.includes(area));
}
