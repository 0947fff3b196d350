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
import { type CancelledError, forwarded } from "../errors.ts";
import { LinkedList } from "../linked_list.ts";
import type { Loop } from "../loop/loop.ts";
import { pendingCancels } from "../pending_cancels.ts";
import type { SmallSet } from "../small_set.ts";
import { type Bindings, noVariables, type Variables } from "../variables.ts";
import type { BlockScope } from "./block_scope.ts";
import { CancelState, NOT_CANCELLED } from "./cancel_state.ts";
import {
  beginDelivery,
  type Delivery,
  type DeliveryScope,
  endDeliveries,
  mergeOrHoldBack,
} from "./in_flight.ts";
import { CancelWatch } from "./cancel_watch.ts";
import type { HandedWait, ScopedWait } from "./scoped_wait.ts";

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

/** A frame with variables of its own, which are kept in it. */
class OwnFrame implements ContextFrame, Variables {
  scope: CancelScope;
  bindings: Bindings;
  context: object | undefined = undefined;

  constructor(scope: CancelScope, bindings: Bindings) {
    this.scope = scope;
    this.bindings = bindings;
  }

  get variables(): Variables {
    return this;
  }
}

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

export class CancelScope implements DeliveryScope {
  readonly loop: Loop;
  /** Where the code in it is. */
  readonly frame: ContextFrame;
  /** Of a task's scope: the task, until it has ended. */
  #task: object | undefined;
  #state: Readonly<CancelState> = NOT_CANCELLED;
  #firstWait: ScopedWait | undefined = undefined;
  #children: LinkedList<BlockScope> | undefined = undefined;
  /** The other scopes side by side with it: of the tasks, or inside one. */
  previousSibling: CancelScope | undefined = undefined;
  nextSibling: CancelScope | undefined = undefined;
  /** Of the scope of a group's task: the scope of the group. */
  group: CancelScope | undefined = undefined;
  /** Of a task's scope: how many waits the task is in. */
  #waits = 0;

  /**
   * @param variables Those that its code shares with others, or the bindings
   * that its own begin with.
   */
  constructor(
    loop: Loop,
    task: object | undefined,
    variables: Variables | Bindings,
  ) {
    this.loop = loop;
    this.#task = task;
    this.frame = variables instanceof Map
      ? new OwnFrame(this, variables)
      : { scope: this, variables: variables as Variables };
  }

  /** The scope around it in the same task. */
  get parent(): CancelScope | undefined {
    return undefined;
  }

  /** The scope of the whole task. */
  get outermost(): CancelScope {
    return this;
  }

  /** Whether no cancel from around reaches its code. */
  get shielded(): boolean {
    return false;
  }

  /** When it is cancelled for lack of time, on the loop's clock. */
  get deadline(): number {
    return Infinity;
  }

  /** The task, or `undefined` in callbacks and outside of tasks. */
  get task(): object | undefined {
    return this.outermost.#task;
  }

  /** How many cancels were asked for and not taken back. */
  get cancels(): number {
    return this.#state.cancels;
  }

  /**
   * The error of the last cancel; let go of at the close, unless something goes
   * on in here.
   */
  get error(): CancelledError | undefined {
    return this.#state.error;
  }

  /** A cancel that is still to be delivered. */
  get pending(): CancelledError | undefined {
    return this.#state.pending;
  }

  set pending(error: CancelledError | undefined) {
    const { pending } = this.#state;
    if (error === pending) return;
    pendingCancels.count += Number(error !== undefined) -
      Number(pending !== undefined);
    this.#ownState.pending = error;
  }

  /** The deliveries, in here and inside, whose code has not resumed. */
  get inFlight(): SmallSet<Delivery> {
    return this.#state.inFlight;
  }

  set inFlight(deliveries: SmallSet<Delivery>) {
    if (deliveries !== this.#state.inFlight) {
      this.#ownState.inFlight = deliveries;
    }
  }

  /** A cancel from around it that waits until it has ended. */
  get heldBack(): CancelledError | undefined {
    return this.#state.heldBack;
  }

  set heldBack(error: CancelledError | undefined) {
    this.#ownState.heldBack = error;
  }

  get #ownState(): CancelState {
    if (this.#state === NOT_CANCELLED) this.#state = new CancelState();
    return this.#state;
  }

  /** Whether it, or one around it, was cancelled, and that not taken back. */
  get cancelled(): boolean {
    return this.cancels > 0 || (this.around?.cancelled ?? false);
  }

  /** The scopes that are open inside it, for those who look inside. */
  get children(): Iterable<BlockScope> {
    return this.#children ?? [];
  }

  /** Whether it is over. */
  get isClosed(): boolean {
    return this.frame.scope !== this;
  }

  /**
   * Says that it is over: what goes on in it is in the scope around it now. A
   * cancel of its own that was not delivered is taken back.
   */
  close(): void {
    this.pending = undefined;
    this.stopWatching();
    if (this.error !== undefined && this.isEmpty) {
      this.#ownState.error = undefined; // large, and it is not needed any more
    }
    const { parent } = this;
    this.frame.scope = parent === undefined
      ? rootScopeOf(this.loop)
      : parent.frame.scope;
    if (this.#task !== undefined && this.#waits > 0) this.loop.waiting--;
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
    const state = this.#ownState;
    if (state.isCancelling) {
      state.foundRing = true;
      return;
    }
    state.cancels++;
    state.error = error;
    this.pending = error;
    if (!this.isClosed) {
      const watch = this.loop.cancelWatch ??= new CancelWatch(
        this.loop,
      );
      state.watched ??= watch.add(this);
    }
    if (mergeOrHoldBack(this, error)) this.pending = undefined;
    state.isCancelling = true;
    if (forwarded.depth < MAX_FORWARDS) this.#cancelWaits(error);
    else postponed.push(() => this.#cancelWaits(error));
  }

  #cancelWaits(error: CancelledError): void {
    for (const wait of this.exposedWaits) this.#cancelWait(wait, error);
    this.#ownState.isCancelling = false;
    this.#abortSignals(error); // last, as it runs foreign listeners
  }

  #cancelWait(wait: ScopedWait, error: CancelledError): void {
    if (!wait.pending) return;
    const state = this.#ownState;
    state.foundRing = false;
    const isTaken = wait.cancel(error);
    if (forwarded.depth === 0) {
      for (let next = postponed.shift(); next; next = postponed.shift()) next();
    }
    if (!isTaken && state.foundRing) wait.abort(error);
    if (isTaken || !wait.pending) this.delivered(error);
  }

  /**
   * Whether its code waits, or has been cancelled in a wait and has not resumed.
   */
  get isWaiting(): boolean {
    return this.exposedWaits.length > 0 || this.inFlight !== undefined;
  }

  /**
   * Takes one cancel back; with the last one goes what is still to be
   * delivered.
   */
  uncancel(): number {
    if (this.cancels > 0 && --this.#ownState.cancels === 0) {
      this.pending = undefined;
      this.stopWatching();
    }
    return this.cancels;
  }

  /** Lets a cancel have no effect for as long as it likes. */
  stopWatching(): void {
    const { watched } = this.#state;
    if (watched === undefined) return;
    this.loop.cancelWatch!.remove(watched);
    this.#ownState.watched = undefined;
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
  get around(): CancelScope | undefined {
    return this.shielded ? undefined : this.parent;
  }

  /** Whether nothing goes on in it. */
  get isEmpty(): boolean {
    return this.#firstWait === undefined &&
      (this.#children === undefined || this.#children.size === 0);
  }

  get isRoot(): boolean {
    return this === this.loop.rootScope;
  }

  /**
   * The scope that was cancelled with `error`; if none has it, the nearest
   * closed scope, which may have dropped it, or else the task's.
   */
  #originOf(error: CancelledError, closed?: CancelScope): CancelScope {
    if (this.error === error) return this;
    const guess = closed ?? (this.isClosed ? this : undefined);
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
    if (!origin.isClosed && !origin.isRoot) origin.pending = error;
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
   * How many cancels of the scopes around this one are in force and have been
   * delivered.
   */
  get outerCancels(): number {
    let sum = 0;
    for (let scope = this.around; scope !== undefined; scope = scope.around) {
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
    const state = this.#ownState;
    if (cancelled === undefined && state.controller?.signal.aborted) {
      state.controller = undefined;
    }
    const controller = state.controller ??= new AbortController();
    if (cancelled !== undefined && !controller.signal.aborted) {
      controller.abort(cancelled.pending);
    }
    return controller.signal;
  }

  /** Whether nothing was opened in it, and its signal was not asked for. */
  get isPlain(): boolean {
    return this.#state.controller === undefined &&
      (this.#children === undefined || this.#children.size === 0);
  }

  addWait(wait: ScopedWait): void {
    if (this.#state.inFlight !== undefined) endDeliveries(this);
    const first = this.#firstWait;
    wait.nextInScope = first;
    if (first !== undefined) first.previousInScope = wait;
    this.#firstWait = wait;
    const outermost = this.outermost;
    if (outermost.#waits++ === 0 && outermost.#task !== undefined) {
      this.loop.waiting++;
    }
    if (pendingCancels.due > 0) this.cancelIfDue();
    if (this.loop.onWait !== undefined) this.loop.onWait();
  }

  removeWait(wait: ScopedWait): void {
    const { previousInScope: previous, nextInScope: next } = wait;
    if (previous !== undefined) previous.nextInScope = next;
    else this.#firstWait = next;
    if (next !== undefined) next.previousInScope = previous;
    wait.previousInScope = wait.nextInScope = undefined;
    const outermost = this.outermost;
    if (--outermost.#waits === 0 && outermost.#task !== undefined) {
      this.loop.waiting--;
    }
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
    this.#state.controller?.abort(error);
    for (const child of children) {
      if (!child.shielded) child.#abortSignals(error);
    }
  }

  /** Something goes on in `child`. */
  addChild(child: BlockScope): void {
    (this.#children ??= new LinkedList()).add(child);
  }

  /** Nothing goes on in `child` any more. */
  removeChild(child: BlockScope): void {
    this.#children!.remove(child);
  }

  /** A wait has begun: a cancel that was to come then comes. */
  cancelIfDue(): void {}
}

/** Where code on a loop is that runs in no task, with these `variables`. */
export function rootFrame(
  loop: Loop,
  variables: Variables,
): ContextFrame {
  return { scope: rootScopeOf(loop), variables };
}

/**
 * The scope of all code on a loop that runs in no task. Nothing cancels it.
 */
export function rootScopeOf(loop: Loop): CancelScope {
  return loop.rootScope ??= new CancelScope(
    loop,
    undefined,
    noVariables(),
  );
}
