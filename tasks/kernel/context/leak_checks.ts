/**
 * Leak checks of debug mode: locks held at a task's end, resources left at a
 * run's end.
 *
 * @module
 */
import type { CancelScope } from "../cancel/cancel_scope.ts";
import type { Loop } from "../loop/loop.ts";
import { captureStack } from "../watch/user_frame.ts";
import { currentScope } from "./current_scope.ts";

/** What has to be released, and knows whether it was. */
export interface Releasable {
  readonly held: boolean;
}

/** Something that a task holds. */
export interface Held {
  readonly hold: Releasable;
  /** The class of what is held: `"Lock"`. */
  readonly what: string;
  /** The stack where the wait for it was begun. */
  readonly where: Error | undefined;
}

const byTask = new WeakMap<object, Held[]>();

/** Notes that the task of `wait`, or else the current one, has `hold`. */
export function noteHeld(
  hold: Releasable,
  what: string,
  wait?: { readonly scope: CancelScope; readonly where: Error | undefined },
): void {
  const { task, loop } = wait?.scope ?? currentScope();
  if (task === undefined || !loop.debug) return;
  const where = wait === undefined ? captureStack() : wait.where;
  byTask.set(task, [...heldBy(task), { hold, what, where }]);
}

/** Returns what `task` has not released. */
export function heldBy(task: object): Held[] {
  return byTask.get(task)?.filter(({ hold }) => hold.held) ?? [];
}

/** Returns in words, at the end of a run, what is left over, if anything is. */
export type Leftover = () => string | undefined;

const leftovers = new WeakMap<Loop, Leftover[]>();

/** Calls `leftover` at the end of the current run, in debug mode. */
export function noteLeftover(leftover: Leftover): void {
  const { loop } = currentScope();
  if (!loop.debug) return;
  const all = leftovers.get(loop);
  if (all === undefined) leftovers.set(loop, [leftover]);
  else all.push(leftover);
}

/** Returns what is left over at the end of the run of `loop`, in words. */
export function leftoversOf(loop: Loop): string[] {
  const all = leftovers.get(loop) ?? [];
  leftovers.delete(loop);
  return all.map((leftover) => leftover()).filter((text) => text !== undefined);
}

const expected = new WeakSet<object>();

/** Declares that `resource` may be left open until the end of the run. */
export function allowLeft(resource: object): void {
  expected.add(resource);
}

/** Returns those of `resources` that may not be left open. */
export function leaked(resources: Iterable<object>): object[] {
  return [...resources].filter((resource) => !expected.has(resource));
}
