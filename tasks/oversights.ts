/**
 * What may turn out to have been forgotten, in debug mode: locks that a task
 * holds when it ends, and what is left when a run does.
 *
 * @module
 */
import { currentScope } from "./current_scope.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Scope } from "./scope.ts";
import { captureStack } from "./_user_frame.ts";

/** Something that has to be given back, and knows whether it was. */
export interface Hold {
  readonly held: boolean;
}

/** What a task holds. */
export interface Held {
  readonly hold: Hold;
  /** The class of what is held: `"Lock"`. */
  readonly what: string;
  /** The stack where it was asked for. */
  readonly where: Error | undefined;
}

const byTask = new WeakMap<object, Held[]>();

/** Notes that who waited in `wait`, or else the caller, has `hold`. */
export function noteHeld(
  hold: Hold,
  what: string,
  wait?: { readonly scope: Scope; readonly where: Error | undefined },
): void {
  const { owner, scheduler } = wait?.scope ?? currentScope();
  if (owner === undefined || !scheduler.debug) return;
  const where = wait === undefined ? captureStack() : wait.where;
  byTask.set(owner, [...heldBy(owner), { hold, what, where }]);
}

/** What `task` has not given back. */
export function heldBy(task: object): Held[] {
  return byTask.get(task)?.filter(({ hold }) => hold.held) ?? [];
}

/** Says at the end of a run what was left over, or `undefined`. */
export type Leftover = () => string | undefined;

const leftovers = new WeakMap<Scheduler, Leftover[]>();

/** Notes that there may be something left over when the current run ends. */
export function noteLeftover(leftover: Leftover): void {
  const { scheduler } = currentScope();
  if (!scheduler.debug) return;
  const all = leftovers.get(scheduler);
  if (all === undefined) leftovers.set(scheduler, [leftover]);
  else all.push(leftover);
}

/** What is left over, in words. */
export function leftoversOf(scheduler: Scheduler): string[] {
  const all = leftovers.get(scheduler) ?? [];
  leftovers.delete(scheduler);
  return all.map((leftover) => leftover()).filter((it) => it !== undefined);
}

const expected = new WeakSet<object>();

/** Says that it is no oversight where `resource` is left to the run's end. */
export function expectLeft(resource: object): void {
  expected.add(resource);
}

/** What of `resources` was probably forgotten. */
export function forgottenOf(resources: Iterable<object>): object[] {
  return [...resources].filter((resource) => !expected.has(resource));
}
