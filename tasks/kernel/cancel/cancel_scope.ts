/**
 * What can be cancelled, and where the running code finds out about it.
 *
 * Every task is a scope, and each timeout and group opens one inside. A scope
 * knows the waits begun in it and the scopes inside, so a cancel goes straight
 * to the waits it is meant for: two timeouts side by side in one task do not
 * disturb each other. The current scope travels in one `AsyncLocalStorage`, the
 * only one of the package: see {@linkcode ContextFrame}.
 *
 * A cancel is delivered once. It rejects the waits that are under way in the
 * scope; if there are none it stays **pending**, and is delivered to the next
 * wait that is begun. The code that asked for it may take it back until then.
 *
 * @module
 */
import { type CancelledError, forwarded, isCancelled } from "../errors.ts";
import { LinkedList } from "../linked_list.ts";
import type { Scheduler } from "../loop/scheduler.ts";
import { pendingCancels } from "../pending_cancels.ts";
import type { SmallSet } from "../small_set.ts";
import { noVariables, type Variables } from "../variables.ts";
import type { Contest } from "./contest.ts";
import {
  beginDelivery,
  type Delivery,
  type DeliveryScope,
  endDeliveries,
  mergeOrHoldBack,
} from "./in_flight.ts";
import { CancelWatch, type WatchedCancel } from "./cancel_watch.ts";
import type { HandedWait, ScopedWait } from "./scoped_wait.ts";

const settled = Promise.resolve();

/**
 * Cancels that are handed on further than this, from a task to the one it waits
 * for, are postponed until the first of the row has got so far: ten thousand
 * tasks that wait for each other would exhaust the stack.
 */
const MAX_FORWARDS = 200;

const postponed: (() => void)[] = [];

/**
 * Where running code is: what travels with it. A runtime keeps it for long, so
 * it holds nothing of a task that has ended.
 */
export interface ContextFrame {
  /** From its end on, the one around it. */
  scope: CancelScope;
  readonly variables: Variables;
}

/** How code that ran in a scope has failed. */
export type Outcome =
  /** An error that is no cancel. */
  | { readonly kind: "error"; readonly error: unknown }
  /** The cancel of the scope itself ended it. */
  | { readonly kind: "ownCancel"; readonly error: CancelledError }
  /** A cancel that is not the scope's own ended it. */
  | { readonly kind: "outerCancel"; readonly error: CancelledError };

/**
 * The outermost scope, from `inner` on, whose pending cancel may be delivered
 * there.
 */
function pendingScope(inner: CancelScope): CancelScope | undefined {
  let found: CancelScope | undefined;
  let heldBack: CancelledError | undefined;
  for (
    let at: CancelScope | undefined = inner;
    at !== undefined;
    at = at.parent
  ) {
    if (at.pending !== undefined && at.pending !== heldBack) found = at;
    if (at.shielded) break;
    heldBack ??= at.heldBack;
  }
  return found;
}

export class CancelScope implements DeliveryScope, HandedWait {
  readonly scheduler: Scheduler;
  /** Where the code in it is. */
  readonly frame: ContextFrame;
  /** The scope around it in the same task. */
  readonly parent: CancelScope | undefined;
  /** The scope of the whole task. */
  readonly outermost: CancelScope;
  /** How many cancels were asked for and not taken back. */
  cancels = 0;
  /**
   * The error of the last cancel; let go of at the close, unless something goes
   * on in here.
   */
  error: CancelledError | undefined = undefined;

  /** Of a task's scope: the task, until it has ended. */
  #task: object | undefined;
  #pending: CancelledError | undefined = undefined;
  #firstWait: ScopedWait | undefined = undefined;
  #children: LinkedList<CancelScope> | undefined = undefined;
  /** Of a task's scope: the other tasks. */
  previousSibling: CancelScope | undefined = undefined;
  nextSibling: CancelScope | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #closed = false;
  #attached = false;
  inFlight: SmallSet<Delivery> = undefined;
  heldBack: CancelledError | undefined = undefined;
  /** Set while it is cancelled, and not known to have ended by that. */
  #watched: WatchedCancel | undefined = undefined;
  /** What {@linkcode outerCancels} was when this scope was opened. */
  #outerCancelsBefore = 0;
  /** If its code is a wait in several steps: what that has returned. */
  promise: Promise<unknown> | undefined = undefined;
  /** If all its code does is to wait for it: a wait that was begun in it. */
  last: Promise<unknown> | undefined = undefined;
  /** Whether no cancel from around reaches its code. */
  shielded = false;
  /** When it is cancelled for lack of time, on the loop's clock. */
  deadline = Infinity;
  /** Of the scope of a group's task: the scope of the group. */
  group: CancelScope | undefined = undefined;
  /** Cancels this scope at its next wait: see {@linkcode cancelAtNextWait}. */
  #dueCancel: (() => void) | undefined = undefined;
  #isCancelling = false;
  #foundRing = false;
  /** Of a task's scope: how many waits the task is in. */
  #waits = 0;

  constructor(
    scheduler: Scheduler,
    task: object | undefined,
    variables: Variables,
    parent?: CancelScope,
  ) {
    this.scheduler = scheduler;
    this.#task = task;
    this.frame = { scope: this, variables };
    this.parent = parent;
    this.outermost = parent === undefined ? this : parent.outermost;
    if (parent === undefined) return;
    this.#attach(parent);
    this.#outerCancelsBefore = this.outerCancels;
  }

  /** The task, or `undefined` in callbacks and outside of tasks. */
  get task(): object | undefined {
    return this.outermost.#task;
  }

  /** A cancel that is still to be delivered. */
  get pending(): CancelledError | undefined {
    return this.#pending;
  }

  set pending(error: CancelledError | undefined) {
    pendingCancels.count += Number(error !== undefined) -
      Number(this.#pending !== undefined);
    this.#pending = error;
  }

  /** Whether it, or one around it, was cancelled, and that not taken back. */
  get cancelled(): boolean {
    return this.cancels > 0 || (this.#around?.cancelled ?? false);
  }

  /** The scopes that are open inside it, for those who look inside. */
  get children(): Iterable<CancelScope> {
    return this.#children ?? [];
  }

  /** Opens a scope inside this one, for the same task. */
  open(variables: Variables): CancelScope {
    return new CancelScope(this.scheduler, undefined, variables, this);
  }

  /**
   * Says that it is over: what goes on in it is in the scope around it now. A
   * cancel of its own that was not delivered is taken back.
   */
  close(): void {
    this.#closed = true;
    this.pending = undefined;
    if (this.#watched !== undefined) this.stopWatching();
    if (this.#isEmpty) this.error = undefined; // large, and nobody asks for it
    this.frame.scope = this.parent === undefined
      ? rootScopeOf(this.scheduler)
      : this.parent.frame.scope;
    this.#detachWhenEmpty();
    if (this.#task !== undefined && this.#waits > 0) this.scheduler.waiting--;
    this.#task = undefined;
  }

  /**
   * Rejects the waits under way in this scope, or else the next one. A wait for
   * another task hands the cancel on to that task. If this comes back to where
   * it started, tasks wait for each other in a ring: the wait that closed the
   * ring is ended.
   *
   * @param caller Where the code is that asks for it; none where it is the loop.
   */
  cancel(error: CancelledError, caller?: CancelScope): void {
    if (caller !== undefined) endDeliveries(caller); // it runs
    if (this.#isCancelling) {
      this.#foundRing = true;
      return;
    }
    this.cancels++;
    this.error = error;
    this.pending = error;
    if (!this.#closed) {
      const watch = this.scheduler.cancelWatch ??= new CancelWatch(
        this.scheduler,
      );
      this.#watched ??= watch.add(this);
    }
    if (mergeOrHoldBack(this, error)) this.pending = undefined;
    this.#isCancelling = true;
    if (forwarded.depth < MAX_FORWARDS) this.#cancelWaits(error);
    else postponed.push(() => this.#cancelWaits(error));
  }

  #cancelWaits(error: CancelledError): void {
    for (const wait of this.exposedWaits) this.#cancelWait(wait, error);
    this.#isCancelling = false;
    this.#abortSignals(error); // last, as it runs foreign listeners
  }

  #cancelWait(wait: ScopedWait, error: CancelledError): void {
    if (!wait.pending) return;
    this.#foundRing = false;
    const isTaken = wait.cancel(error);
    if (forwarded.depth === 0) {
      for (let next = postponed.shift(); next; next = postponed.shift()) next();
    }
    if (!isTaken && this.#foundRing) wait.abort(error);
    if (isTaken || !wait.pending) this.delivered(error);
  }

  /** As a wait in several steps: what it waits for now. */
  get what(): string {
    return this.waits.map(({ what }) => what).join(", ");
  }

  abandon(error: CancelledError, caller?: CancelScope): void {
    this.promise?.then(undefined, () => {});
    this.cancel(error, caller);
  }

  detach(): void {
    this.shielded = true;
  }

  /** If it is a race: whether its branches take part in `contest` from now on. */
  joinContest(_contest: Contest): boolean {
    return false;
  }

  /** If it is a race that has lost another: ends its waits that end at once. */
  leavePlaces(_error: CancelledError): void {}

  /**
   * Calls `cancel`, which cancels this scope, when the next wait has begun to
   * wait. What is there already can be taken until then. The returned function
   * ends this.
   */
  cancelAtNextWait(cancel: () => void): () => void {
    const due = () => {
      stop();
      cancel();
    };
    const stop = () => {
      if (this.#dueCancel !== due) return;
      this.#dueCancel = undefined;
      pendingCancels.due--;
    };
    this.#dueCancel = due;
    pendingCancels.due++;
    return stop;
  }

  /**
   * Whether its code waits, or has been cancelled in a wait and has not resumed.
   */
  get isWaiting(): boolean {
    return this.exposedWaits.length > 0 || this.inFlight !== undefined;
  }

  /**
   * A wait has begun. What is settled already may end it: so much may pass as
   * the value of a settled promise needs to come through a `then`.
   */
  #cancelIfDue(): void {
    if (this.#dueCancel !== undefined) {
      settled.then(() => {}).then(() => {
        if (this.exposedWaits.length > 0) this.#dueCancel?.();
      });
    }
    if (this.parent !== undefined) this.parent.#cancelIfDue();
  }

  /**
   * Takes one cancel back; with the last one goes what is still to be
   * delivered.
   */
  uncancel(): number {
    if (this.cancels > 0) this.cancels--;
    if (this.cancels === 0) {
      this.pending = undefined;
      if (this.#watched !== undefined) this.stopWatching();
    }
    return this.cancels;
  }

  /** Lets a cancel have no effect for as long as it likes. */
  stopWatching(): void {
    if (this.#watched === undefined) return;
    this.scheduler.cancelWatch!.remove(this.#watched);
    this.#watched = undefined;
  }

  /** Whether code in it is shielded, which ends without a cancel. */
  get hasOwnLimit(): boolean {
    if (this.shielded) return true;
    for (const child of this.#children ?? []) {
      if (child.hasOwnLimit) return true;
    }
    return this.waits.some((wait) => wait.hasOwnLimit);
  }

  /**
   * Notes that a wait in this scope has rejected with `error`, until its code
   * has resumed.
   */
  beginDelivery(error: CancelledError): void {
    beginDelivery(this, this.#originOf(error));
  }

  /** The scope around it whose cancels reach it. */
  get #around(): CancelScope | undefined {
    return this.shielded ? undefined : this.parent;
  }

  /** Whether nothing goes on in it. */
  get #isEmpty(): boolean {
    return this.#firstWait === undefined &&
      (this.#children === undefined || this.#children.size === 0);
  }

  get isRoot(): boolean {
    return this === this.scheduler.rootScope;
  }

  /**
   * The scope that was cancelled with `error`; if none has it, the nearest
   * closed scope, which may have dropped it, or else the task's.
   */
  #originOf(error: CancelledError, closed?: CancelScope): CancelScope {
    if (this.error === error) return this;
    const guess = closed ?? (this.#closed ? this : undefined);
    if (this.parent === undefined) return guess ?? this;
    return this.parent.#originOf(error, guess);
  }

  /** Notes that a wait in here has thrown `error`. */
  delivered(error: CancelledError): void {
    if (this.pending === error) this.pending = undefined;
    this.parent?.delivered(error);
  }

  /**
   * Makes a cancel that was delivered earlier pending again: for code that had
   * to catch it.
   */
  renew(error: CancelledError): void {
    const origin = this.#originOf(error);
    if (!origin.#closed && !origin.isRoot) origin.pending = error;
  }

  /** Delivers the pending cancel, of the outermost scope that has one. */
  takePending(): CancelledError | undefined {
    const cancelled = pendingScope(this);
    if (cancelled === undefined) return undefined;
    const error = cancelled.pending;
    cancelled.pending = undefined;
    return error;
  }

  /**
   * How code that ran in this scope ended, if it ended with `error`: tells the
   * scope's own cancel from a cancel from further out. If both have come, the
   * outer cancel wins; one that is not delivered yet is delivered by this.
   */
  outcomeOf(error: unknown): Outcome {
    if (!isCancelled(error)) return { kind: "error", error };
    if (this.cancels === 0) return { kind: "outerCancel", error };
    const outer = this.outerCancel;
    return outer === undefined
      ? { kind: "ownCancel", error }
      : { kind: "outerCancel", error: outer };
  }

  /**
   * The cancel from a scope around this one that came since this one was
   * opened. One that is not delivered yet is delivered by this.
   */
  get outerCancel(): CancelledError | undefined {
    const pending = this.#around?.takePending();
    if (pending !== undefined) return pending;
    if (this.outerCancels <= this.#outerCancelsBefore) return undefined;
    for (let scope = this.#around; scope !== undefined; scope = scope.#around) {
      if (scope.cancels > 0 && scope.error !== undefined) return scope.error;
    }
    return undefined;
  }

  /**
   * How many cancels of the scopes around this one are in force and have been
   * delivered.
   */
  get outerCancels(): number {
    let sum = 0;
    for (let scope = this.#around; scope !== undefined; scope = scope.#around) {
      sum += scope.cancels - (scope.pending === undefined ? 0 : 1);
    }
    return sum;
  }

  /**
   * Aborts with the cancel; a fresh one once that was delivered or taken back.
   */
  get signal(): AbortSignal {
    // It never aborts; one for all would gather the listeners of all.
    if (this.isRoot) return new AbortController().signal;
    const cancelled = pendingScope(this);
    if (cancelled === undefined && this.#controller?.signal.aborted) {
      this.#controller = undefined;
    }
    this.#controller ??= new AbortController();
    if (cancelled !== undefined && !this.#controller.signal.aborted) {
      this.#controller.abort(cancelled.pending);
    }
    return this.#controller.signal;
  }

  /** Whether nothing was opened in it, and its signal was not asked for. */
  get isPlain(): boolean {
    return this.#controller === undefined &&
      (this.#children === undefined || this.#children.size === 0);
  }

  addWait(wait: ScopedWait): void {
    if (this.inFlight !== undefined) endDeliveries(this);
    if (!this.#attached && this.parent !== undefined) this.#attach(this.parent);
    const first = this.#firstWait;
    wait.nextInScope = first;
    if (first !== undefined) first.previousInScope = wait;
    this.#firstWait = wait;
    const outermost = this.outermost;
    if (outermost.#waits++ === 0 && outermost.#task !== undefined) {
      this.scheduler.waiting++;
    }
    if (pendingCancels.due > 0) this.#cancelIfDue();
    if (this.scheduler.onWait !== undefined) this.scheduler.onWait();
  }

  removeWait(wait: ScopedWait): void {
    const { previousInScope: previous, nextInScope: next } = wait;
    if (previous !== undefined) previous.nextInScope = next;
    else this.#firstWait = next;
    if (next !== undefined) next.previousInScope = previous;
    wait.previousInScope = wait.nextInScope = undefined;
    const outermost = this.outermost;
    if (--outermost.#waits === 0 && outermost.#task !== undefined) {
      this.scheduler.waiting--;
    }
    if (this.#closed) this.#detachWhenEmpty();
  }

  /** The waits under way in here and in the scopes inside, oldest first. */
  get waits(): ScopedWait[] {
    return this.#collectWaits([], true).reverse();
  }

  /** Those of them that a cancel of this scope reaches. */
  get exposedWaits(): ScopedWait[] {
    return this.#collectWaits([], false).reverse();
  }

  #collectWaits(into: ScopedWait[], inShielded: boolean): ScopedWait[] {
    for (
      let wait = this.#firstWait;
      wait !== undefined;
      wait = wait.nextInScope
    ) into.push(wait);
    for (
      let child = this.#children?.last;
      child !== undefined;
      child = child.previousSibling
    ) if (inShielded || !child.shielded) child.#collectWaits(into, inShielded);
    return into;
  }

  /**
   * The wait behind `promise`, if it was begun in here or in a scope inside, and
   * has not ended.
   */
  findWait(promise: unknown): HandedWait | undefined {
    for (
      let wait = this.#firstWait;
      wait !== undefined;
      wait = wait.nextInScope
    ) if (wait.isBehind(promise)) return wait;
    for (
      let child = this.#children?.last;
      child !== undefined;
      child = child.previousSibling
    ) {
      const found = child.promise === promise ? child : child.findWait(promise);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #abortSignals(error: CancelledError): void {
    const children = this.#children === undefined ? [] : [...this.#children];
    this.#controller?.abort(error);
    for (const child of children) {
      if (!child.shielded) child.#abortSignals(error);
    }
  }

  #attach(parent: CancelScope): void {
    this.#attached = true;
    (parent.#children ??= new LinkedList()).add(this);
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
export function rootFrame(
  scheduler: Scheduler,
  variables: Variables,
): ContextFrame {
  return { scope: rootScopeOf(scheduler), variables };
}

/**
 * The scope of all code on a loop that runs in no task. Nothing cancels it.
 */
export function rootScopeOf(scheduler: Scheduler): CancelScope {
  return scheduler.rootScope ??= new CancelScope(
    scheduler,
    undefined,
    noVariables(),
  );
}
