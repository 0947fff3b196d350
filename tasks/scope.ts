/**
 * What can be cancelled, and where the running code finds out about it.
 *
 * Every task is a scope, and each timeout and group opens one inside. A scope
 * knows the waits begun in it and the scopes inside, so a cancel goes straight
 * to the waits it is meant for: two timeouts side by side in one task do not
 * disturb each other. The current scope travels in one `AsyncLocalStorage`, the
 * only one of the package: see {@linkcode Whereabouts}.
 *
 * A cancel strikes once. It rejects the waits that are under way in the scope;
 * where there are none it stays **pending**, and strikes at the next wait that
 * is begun. Whoever asked for it may take it back until then.
 *
 * @module
 */
import { attention } from "./_attention.ts";
import type { CancelledError } from "./errors.ts";
import { added, type Few, listOf, removed } from "./_few.ts";
import { type Landing, launch } from "./_flight.ts";
import type { Scheduler } from "./scheduler.ts";
import { Siblings } from "./_siblings.ts";
import { noVariables, type Variables } from "./_variables.ts";

/** A wait, as the scope it was begun in sees it: a link of the scope's list. */
export interface ScopedWait {
  previousInScope: ScopedWait | undefined;
  nextInScope: ScopedWait | undefined;
  readonly pending: boolean;
  /** What is waited for, in words. */
  readonly what: string;
  /** When it began, on the loop's clock, if an observer has noted it. */
  since: number | undefined;
  /** The stack where it began, if an observer has noted it. */
  where: Error | undefined;
  /**
   * Ends the wait; false where it goes on all the same, and the cancel is still
   * to be delivered.
   */
  cancel(error: CancelledError): boolean;
  /** Ends the wait, come what may. */
  abort(reason: unknown): void;
}

/**
 * Where running code is: what travels with it. A runtime keeps it for long, so
 * it holds nothing of a task that has ended.
 */
export interface Whereabouts {
  /** From its end on, the one around it. */
  scope: Scope;
  readonly variables: Variables;
}

/** A wait that was struck, and whose code has not gone on yet. */
class Flight implements Landing {
  /** Where it was begun. */
  readonly in: Scope;
  /** Whose cancel it was. */
  readonly by: Scope;

  constructor(inside: Scope, by: Scope) {
    this.in = inside;
    this.by = by;
  }

  land(): void {
    this.in.land(this);
  }
}

/**
 * The outermost scope, from `inner` on, whose pending cancel may strike there.
 */
function pendingScope(inner: Scope): Scope | undefined {
  let found: Scope | undefined;
  let exempt: CancelledError | undefined;
  for (let at: Scope | undefined = inner; at !== undefined; at = at.parent) {
    if (at.pending !== undefined && at.pending !== exempt) found = at;
    exempt ??= at.exempt;
  }
  return found;
}

export class Scope {
  readonly scheduler: Scheduler;
  /** Where the code in it is. */
  readonly whereabouts: Whereabouts;
  /** The scope around it in the same task. */
  readonly parent: Scope | undefined;
  /** The scope of the whole task. */
  readonly root: Scope;
  /** How many cancels were asked for and not taken back. */
  cancels = 0;
  /**
   * The error of the last cancel; let go of at the close, unless something goes
   * on in here.
   */
  error: CancelledError | undefined = undefined;

  /** Of a task's scope: the task, until it has ended. */
  #owner: object | undefined;
  #pending: CancelledError | undefined = undefined;
  #firstWait: ScopedWait | undefined = undefined;
  #children: Siblings<Scope> | undefined = undefined;
  /** Of a task's scope: the other tasks. */
  previousSibling: Scope | undefined = undefined;
  nextSibling: Scope | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #closed = false;
  #attached = false;
  /** What was struck, in here and inside, and has not gone on yet. */
  #flights: Few<Flight> = undefined;
  /** A cancel from around this scope that comes too early to strike in here. */
  exempt: CancelledError | undefined = undefined;
  #striking = false;
  #ring = false;
  /** On the root: how many waits the task is in. */
  #waits = 0;

  constructor(
    scheduler: Scheduler,
    owner: object | undefined,
    variables: Variables,
    parent?: Scope,
  ) {
    this.scheduler = scheduler;
    this.#owner = owner;
    this.whereabouts = { scope: this, variables };
    this.parent = parent;
    this.root = parent === undefined ? this : parent.root;
    if (parent !== undefined) this.#attach(parent);
  }

  /** The task, or `undefined` in callbacks and outside of tasks. */
  get owner(): object | undefined {
    return this.root.#owner;
  }

  /** A cancel that is still to be delivered. */
  get pending(): CancelledError | undefined {
    return this.#pending;
  }

  set pending(error: CancelledError | undefined) {
    attention.due += Number(error !== undefined) -
      Number(this.#pending !== undefined);
    this.#pending = error;
  }

  /** Whether it, or one around it, was cancelled, and that not taken back. */
  get cancelled(): boolean {
    return this.cancels > 0 || (this.parent?.cancelled ?? false);
  }

  /** Opens a scope inside this one, for the same task. */
  open(variables: Variables): Scope {
    return new Scope(this.scheduler, undefined, variables, this);
  }

  /**
   * Says that it is over: what goes on in it is in the scope around it now. A
   * cancel of its own that was not delivered is taken back.
   */
  close(): void {
    this.#closed = true;
    this.pending = undefined;
    if (this.#isEmpty) this.error = undefined; // large, and nobody asks for it
    this.whereabouts.scope = this.parent === undefined
      ? commonsOf(this.scheduler)
      : this.parent.whereabouts.scope;
    this.#detachWhenEmpty();
    if (this.#owner !== undefined && this.#waits > 0) this.scheduler.waiting--;
    this.#owner = undefined;
  }

  /**
   * Strikes the waits under way in here, or else the next one. A wait for
   * another task hands the cancel on to that; where this comes back to where it
   * started, tasks wait for each other in a ring, and the wait that closed it
   * is ended.
   *
   * @param caller Where the code is that asks for it; none where it is the loop.
   */
  cancel(error: CancelledError, caller?: Scope): void {
    if (caller !== undefined) caller.#goOn(); // whoever calls has gone on
    if (this.#striking) {
      this.#ring = true;
      return;
    }
    this.cancels++;
    this.error = error;
    this.pending = error;
    if (this.#spareWhatIsStruck(error)) this.pending = undefined;
    this.#striking = true;
    try {
      for (const wait of this.waits) this.#strikeWait(wait, error);
    } finally {
      this.#striking = false; // thousands in a row may exhaust the stack
    }
    this.#abortSignals(error); // last, as it runs foreign listeners
  }

  #strikeWait(wait: ScopedWait, error: CancelledError): void {
    if (!wait.pending) return;
    this.#ring = false;
    const delivered = wait.cancel(error);
    if (!delivered && this.#ring) wait.abort(error);
    if (delivered || this.#ring) this.delivered(error);
  }

  /**
   * Takes one cancel back; with the last one goes what is still to be
   * delivered.
   */
  uncancel(): number {
    if (this.cancels > 0) this.cancels--;
    if (this.cancels === 0) this.pending = undefined;
    return this.cancels;
  }

  /**
   * Notes that `error` has struck a wait in here, until its code has gone on.
   */
  strike(error: CancelledError): void {
    const flight = new Flight(this, this.#originOf(error));
    this.takeOff(flight);
    launch(flight);
  }

  /** Code in here has been struck. */
  takeOff(flight: Flight): void {
    if (this.#isCommons) return; // all kinds of code go on there
    this.#flights = added(this.#flights, flight);
    if (this.parent !== undefined) this.parent.takeOff(flight);
  }

  /** It has gone on. */
  land(flight: Flight): void {
    this.#flights = removed(this.#flights, flight);
    if (this.parent !== undefined) this.parent.land(flight);
  }

  /** Whether nothing goes on in it. */
  get #isEmpty(): boolean {
    return this.#firstWait === undefined &&
      (this.#children === undefined || this.#children.size === 0);
  }

  get #isCommons(): boolean {
    return this === this.scheduler.commons;
  }

  /** Code in here runs, so what was struck in here has gone on. */
  #goOn(): void {
    for (const flight of listOf(this.#flights)) flight.in.land(flight);
  }

  /**
   * The scope whose cancel it is. Where it is nobody's, that of the first that
   * is `closed`, and may have let go of it, or else of the whole task.
   */
  #originOf(error: CancelledError, closed?: Scope): Scope {
    if (this.error === error) return this;
    const guess = closed ?? (this.#closed ? this : undefined);
    if (this.parent === undefined) return guess ?? this;
    return this.parent.#originOf(error, guess);
  }

  /**
   * What was struck a moment ago, and has not gone on yet, is not struck twice.
   * Where this scope, or one around it, was the one, true: two cancels are one.
   * Where it was a scope inside, that is spared the second cancel, which waits
   * for it to end.
   */
  #spareWhatIsStruck(error: CancelledError): boolean {
    const flights = listOf(this.#flights);
    if (flights.some(({ by }) => by.#isAround(this))) return true;
    for (const { by } of flights) by.exempt = error;
    return false;
  }

  #isAround(scope: Scope): boolean {
    return scope === this ||
      (scope.parent !== undefined && this.#isAround(scope.parent));
  }

  /** Notes that a wait in here has thrown `error`. */
  delivered(error: CancelledError): void {
    if (this.pending === error) this.pending = undefined;
    this.parent?.delivered(error);
  }

  /**
   * Makes a cancel, delivered earlier, strike once more: for those who had to
   * hold it back.
   */
  renew(error: CancelledError): void {
    const origin = this.#originOf(error);
    if (!origin.#closed && !origin.#isCommons) origin.pending = error;
  }

  /** Delivers the pending cancel, of the outermost scope that has one. */
  takePending(): CancelledError | undefined {
    const struck = pendingScope(this);
    if (struck === undefined) return undefined;
    const error = struck.pending;
    struck.pending = undefined;
    return error;
  }

  /**
   * How many cancels of the scopes around this one are in force and have been
   * delivered: what {@linkcode outerCancelSince} is to be asked with later.
   */
  get outerCancels(): number {
    let sum = 0;
    for (let scope = this.parent; scope !== undefined; scope = scope.parent) {
      sum += scope.cancels - (scope.pending === undefined ? 0 : 1);
    }
    return sum;
  }

  /**
   * The cancel from a scope around this one that came since
   * {@linkcode outerCancels} was `before`; where it was still to be delivered,
   * it is now.
   */
  outerCancelSince(before: number): CancelledError | undefined {
    const pending = this.parent?.takePending();
    if (pending !== undefined) return pending;
    if (this.outerCancels <= before) return undefined;
    for (let scope = this.parent; scope !== undefined; scope = scope.parent) {
      if (scope.cancels > 0 && scope.error !== undefined) return scope.error;
    }
    return undefined;
  }

  /**
   * Aborts with the cancel; a fresh one once that was delivered or taken back.
   */
  get signal(): AbortSignal {
    // It never aborts; one for all would gather the listeners of all.
    if (this.#isCommons) return new AbortController().signal;
    const struck = pendingScope(this);
    if (struck === undefined && this.#controller?.signal.aborted) {
      this.#controller = undefined;
    }
    this.#controller ??= new AbortController();
    if (struck !== undefined && !this.#controller.signal.aborted) {
      this.#controller.abort(struck.pending);
    }
    return this.#controller.signal;
  }

  addWait(wait: ScopedWait): void {
    if (this.#flights !== undefined) this.#goOn();
    if (!this.#attached && this.parent !== undefined) this.#attach(this.parent);
    const first = this.#firstWait;
    wait.nextInScope = first;
    if (first !== undefined) first.previousInScope = wait;
    this.#firstWait = wait;
    const root = this.root;
    if (root.#waits++ === 0 && root.#owner !== undefined) {
      this.scheduler.waiting++;
    }
    if (this.scheduler.onWait !== undefined) this.scheduler.onWait();
  }

  removeWait(wait: ScopedWait): void {
    const { previousInScope: previous, nextInScope: next } = wait;
    if (previous !== undefined) previous.nextInScope = next;
    else this.#firstWait = next;
    if (next !== undefined) next.previousInScope = previous;
    wait.previousInScope = wait.nextInScope = undefined;
    const root = this.root;
    if (--root.#waits === 0 && root.#owner !== undefined) {
      this.scheduler.waiting--;
    }
    if (this.#closed) this.#detachWhenEmpty();
  }

  /** The waits under way in here and in the scopes inside, oldest first. */
  get waits(): ScopedWait[] {
    const waits: ScopedWait[] = [];
    this.#collectWaits(waits);
    return waits.reverse();
  }

  #collectWaits(into: ScopedWait[]): void {
    for (
      let wait = this.#firstWait;
      wait !== undefined;
      wait = wait.nextInScope
    ) into.push(wait);
    for (
      let child = this.#children?.last;
      child !== undefined;
      child = child.previousSibling
    ) child.#collectWaits(into);
  }

  #abortSignals(error: CancelledError): void {
    const children = this.#children === undefined ? [] : [...this.#children];
    this.#controller?.abort(error);
    for (const child of children) child.#abortSignals(error);
  }

  #attach(parent: Scope): void {
    this.#attached = true;
    (parent.#children ??= new Siblings()).add(this);
    const outer = parent.parent;
    if (!parent.#attached && outer !== undefined) parent.#attach(outer);
  }

  /**
   * A closed scope leaves when nothing goes on in it; what is begun in it later
   * brings it back.
   */
  #detachWhenEmpty(): void {
    const parent = this.parent;
    if (parent === undefined || !this.#attached) return;
    if (!this.#isEmpty) return;
    this.#attached = false;
    parent.#children!.remove(this);
    if (parent.#closed) parent.#detachWhenEmpty();
  }
}

/** Where code on a loop is that runs in no task, with these `variables`. */
export function inNoTask(
  scheduler: Scheduler,
  variables: Variables,
): Whereabouts {
  return { scope: commonsOf(scheduler), variables };
}

/**
 * The scope of all code on a loop that runs in no task. Nothing cancels it.
 */
function commonsOf(scheduler: Scheduler): Scope {
  const commons = scheduler.commons ??
    new Scope(scheduler, undefined, noVariables());
  scheduler.commons = commons;
  return commons as Scope;
}
