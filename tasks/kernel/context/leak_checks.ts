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

/** Something that has to be given back, and knows whether it was. */
export interface Releasable {
  readonly held: boolean;
}

/** What a task holds. */
export interface Held {
  readonly hold: Releasable;
  /** The class of what is held: `"Lock"`. */
  readonly what: string;
  /** The stack where it was asked for. */
  readonly where: Error | undefined;
}

const byTask = new WeakMap<object, Held[]>();

/** Notes that who waited in `wait`, or else the caller, has `hold`. */
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

/** What `task` has not given back. */
export function heldBy(task: object): Held[] {
  return byTask.get(task)?.filter(({ hold }) => hold.held) ?? [];
}

/** Says at the end of a run what was left over, or `undefined`. */
export type Leftover = () => string | undefined;

const leftovers = new WeakMap<Loop, Leftover[]>();

/** Notes that there may be something left over when the current run ends. */
export function noteLeftover(leftover: Leftover): void {
  const { loop } = currentScope();
  if (!loop.debug) return;
  const all = leftovers.get(loop);
  if (all === undefined) leftovers.set(loop, [leftover]);
  else all.push(leftover);
}

/** What is left over, in words. */
export function leftoversOf(loop: Loop): string[] {
  const all = leftovers.get(loop) ?? [];
  leftovers.delete(loop);
  return all.map((leftover) => leftover()).filter((it) => it !== undefined);
}

const expected = new WeakSet<object>();

/** Declares that `resource` may be left for the end of the run to dispose. */
export function allowLeft(resource: object): void {
  expected.add(resource);
}

/** Those of `resources` that were probably forgotten. */
export function leaked(resources: Iterable<object>): object[] {
  return [...resources].filter((resource) => !expected.has(resource));
}
