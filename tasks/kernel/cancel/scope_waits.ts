/**
 * Looking for waits in a scope and in the scopes inside.
 *
 * @module
 */
import type { HandedWait, ScopedWait } from "./scoped_wait.ts";

/** A scope, as seen by those who look for its waits. */
export interface WaitHolder {
  /** Its youngest wait: the others follow by `nextInScope`. */
  readonly firstWait: ScopedWait | undefined;
  /** The youngest scope inside. */
  readonly lastChild: InnerWaitHolder | undefined;
}

interface InnerWaitHolder extends WaitHolder {
  readonly previousSibling: InnerWaitHolder | undefined;
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
  for (
    let wait = scope.firstWait;
    wait !== undefined;
    wait = wait.nextInScope
  ) {
    const found = wait.behind(promise);
    if (found !== undefined) return found;
  }
  for (
    let child = scope.lastChild;
    child !== undefined;
    child = child.previousSibling
  ) {
    const found = child.behind(promise) ?? findWaitIn(child, promise);
    if (found !== undefined) return found;
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
