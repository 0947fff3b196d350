/**
 * Looking for waits in a scope and in the scopes inside.
 *
 * @module
 */
import type { HandedWait, ScopedWait } from "./scoped_wait.ts";

/** A scope, as seen by code that looks for its waits. */
export interface WaitHolder {
  /** Its youngest wait: the others follow by `nextInScope`. */
  readonly firstWait: ScopedWait | undefined;
  /** The youngest scope inside. */
  readonly lastChild: InnerWaitHolder | undefined;
}

interface InnerWaitHolder extends WaitHolder {
  /** The scope around it. */
  readonly parent: WaitHolder | undefined;
  readonly previousSibling: InnerWaitHolder | undefined;
  readonly nextSibling: InnerWaitHolder | undefined;
  readonly shielded: boolean;
  behind(promise: unknown): HandedWait | undefined;
}

/** Returns the waits in `scope` and in the scopes inside, oldest first. */
export function waitsIn(scope: WaitHolder): ScopedWait[] {
  return collected(scope, [], true).reverse();
}

/** Returns those that a cancel of `scope` reaches, oldest first. */
export function exposedWaitsIn(scope: WaitHolder): ScopedWait[] {
  return collected(scope, [], false).reverse();
}

/** Returns the wait, if there is one alone: nearly always, and without a list. */
export function onlyWaitIn(scope: WaitHolder): ScopedWait | undefined {
  const { firstWait } = scope;
  const isOnly = firstWait?.nextInScope === undefined &&
    scope.lastChild === undefined;
  return isOnly ? firstWait : undefined;
}

/** Returns the wait behind `promise`, if it is in `scope` or in one inside. */
export function findWaitIn(
  scope: WaitHolder,
  promise: unknown,
): HandedWait | undefined {
  const found = lastFound === undefined
    ? undefined
    : besideLast(scope, promise, lastFound);
  if (found !== undefined) return found;
  let steps = 0;
  for (
    let wait = scope.firstWait;
    wait !== undefined;
    wait = wait.nextInScope
  ) {
    const found = wait.behind(promise);
    if (found !== undefined) {
      noteFound({ wait }, steps);
      return found;
    }
    steps++;
  }
  for (
    let child = scope.lastChild;
    child !== undefined;
    child = child.previousSibling
  ) {
    const found = child.behind(promise) ?? findWaitIn(child, promise);
    if (found !== undefined) {
      noteFound({ child }, steps);
      return found;
    }
    steps++;
  }
  return undefined;
}

/** Where a search has ended: at a wait, or at a scope inside. */
type Place =
  | { readonly wait: ScopedWait; readonly child?: undefined }
  | { readonly child: InnerWaitHolder; readonly wait?: undefined };

/** A search that takes fewer steps is not noted: nearly all do. */
const FEW_STEPS = 16;

/**
 * Where the last search has ended that took many steps. Functions that get a list
 * of promises look for the wait behind each, in the order in which the waits were
 * begun: so the next one is beside the last. Else the work would grow with the
 * square of the list.
 */
let lastFound: Place | undefined;

const settled = Promise.resolve();

function noteFound(place: Place, steps: number): void {
  if (steps < FEW_STEPS) return;
  if (lastFound === undefined) settled.then(forgetFound);
  lastFound = place;
}

function forgetFound(): void {
  lastFound = undefined;
}

function besideLast(
  scope: WaitHolder,
  promise: unknown,
  { wait, child }: Place,
): HandedWait | undefined {
  if (wait !== undefined && wait.scope === scope) {
    for (const near of [wait.previousInScope, wait.nextInScope]) {
      const found = near?.behind(promise);
      if (found === undefined) continue;
      lastFound = { wait: near! };
      return found;
    }
  } else if (child !== undefined && child.parent === scope) {
    for (const near of [child.nextSibling, child.previousSibling]) {
      const found = near?.behind(promise);
      if (found === undefined) continue;
      lastFound = { child: near! };
      return found;
    }
  }
  return undefined;
}

function collected(
  scope: WaitHolder,
  into: ScopedWait[],
  inShielded: boolean,
): ScopedWait[] {
  for (
    let wait = scope.firstWait;
    wait !== undefined;
    wait = wait.nextInScope
  ) into.push(wait);
  for (
    let child = scope.lastChild;
    child !== undefined;
    child = child.previousSibling
  ) if (inShielded || !child.shielded) collected(child, into, inShielded);
  return into;
}
