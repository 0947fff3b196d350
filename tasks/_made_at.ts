/** Where tasks were made, in debug mode. @module */
import { captureStack, userFrame } from "./_user_frame.ts";

const stacks = new WeakMap<object, Error>();

/** Notes that the caller makes `task`. */
export function noteMade(task: object): void {
  stacks.set(task, captureStack());
}

/** The user's line where `task` was made, if that was noted. */
export function madeAt(task: object): string | undefined {
  return userFrame(stacks.get(task));
}
