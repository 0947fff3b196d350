/**
 * What may turn out to have been forgotten, in debug mode: locks that a task
 * holds when it ends, and what is left when a run does.
 *
 * @module
 */
import { currentScope } from "./current_scope.ts";
import { isObserving } from "./observer.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Scope } from "./scope.ts";
import { captureStack } from "./user_frame.ts";

/** Something that a task has to give back. */
export interface Held {
  /** Its class: `"Lock"`. */
  readonly what: string;
  /** The stack where it was asked for. */
  readonly where: Error | undefined;
}

/** By task, and there by what is held. */
const holds = new WeakMap<object, Map<object, Held>>();
const holders = new WeakMap<object, object>();

/**
 * Notes that the code that waited in `wait`, or else the caller, has `hold`.
 */
export function noteHeld(
  hold: object,
  what: string,
  wait?: { readonly scope: Scope; readonly where: Error | undefined },
): void {
  if (!isObserving()) return;
  const { owner, scheduler } = wait?.scope ?? currentScope();
  if (owner === undefined || !scheduler.debug) return;
  let held = holds.get(owner);
  if (held === undefined) holds.set(owner, held = new Map());
  held.set(hold, {
    what,
    where: wait === undefined ? captureStack() : wait.where,
  });
  holders.set(hold, owner);
}

/** Notes that `hold` was given back, by whomever. */
export function noteGivenBack(hold: object): void {
  if (!isObserving()) return;
  const holder = holders.get(hold);
  if (holder !== undefined) holds.get(holder)!.delete(hold);
}

/** What `task` has not given back. */
export function heldBy(task: object): Held[] {
  return [...holds.get(task)?.values() ?? []];
}

/** Says at the end of a run what was left over, or `undefined`. */
export type Leftover = () => string | undefined;

const leftovers = new WeakMap<Scheduler, Leftover[]>();

/** Notes that there may be something left over when the current run ends. */
export function noteLeftover(leftover: Leftover): void {
  if (!isObserving()) return;
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
