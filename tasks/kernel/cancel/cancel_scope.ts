/**
 * Scopes: what can be cancelled.
 *
 * Every task has a scope, and each timeout and group opens one inside. A scope
 * knows the waits that were begun in it and the scopes inside, so a cancel goes
 * straight to the waits that it is meant for: two timeouts side by side in one
 * task do not disturb each other. The current scope travels in one
 * `AsyncLocalStorage`, the only one of the package: see
 * {@linkcode ContextFrame}.
 *
 * A cancel is delivered once. It rejects the waits that are under way in the
 * scope. If there are none it stays **pending**, and rejects the next wait that
 * is begun. Until then the code that asked for the cancel may take it back.
 *
 * @module
 */
import type { CancelledError } from "../errors.ts";
import { LinkedList } from "../linked_list.ts";
import type { Loop } from "../loop/loop.ts";
import { pendingCancels } from "../pending_cancels.ts";
import type { SmallSet } from "../small_set.ts";
import type { BlockScope } from "./block_scope.ts";
import { CancelState, NOT_CANCELLED } from "./cancel_state.ts";
import { cancelWaits, currentPass } from "./cancel_waits.ts";
import {
  type Bindings,
  type ContextFrame,
  frameOf,
  noVariables,
  type Variables,
} from "./context_frame.ts";
import {
  beginDelivery,
  type Delivery,
  type DeliveryScope,
  endDeliveries,
  mergeOrHoldBack,
} from "./in_flight.ts";
import { CancelWatch } from "./cancel_watch.ts";
import {
  deliveredSince,
  noteDelivered,
  originOf,
  pendingScope,
} from "./scope_cancels.ts";
import { exposedWaitsIn, findWaitIn, waitsIn } from "./scope_waits.ts";
import type { HandedWait, ScopedWait } from "./scoped_wait.ts";

export class CancelScope implements DeliveryScope {
  readonly loop: Loop;
  /** The frame of the code in this scope. */
  readonly frame: ContextFrame;
  /** If this is the scope of a task: the task, until it has ended. */
  #task: object | undefined;
  #state: Readonly<CancelState> = NOT_CANCELLED;
  #firstWait: ScopedWait | undefined = undefined;
  #children: LinkedList<BlockScope> | undefined = undefined;
  /**
   * Its neighbours in the list of the loop's tasks, or of the parent's scopes.
   */
  previousSibling: CancelScope | undefined = undefined;
  nextSibling: CancelScope | undefined = undefined;
  /** If this is the scope of a task in a group: the scope of the group. */
  group: CancelScope | undefined = undefined;
  /** If this is the scope of a task: how many waits the task is in. */
  #waits = 0;

  /**
   * @param variables Variables to share, or the bindings that variables of its
   * own begin with.
   */
  constructor(
    loop: Loop,
    task: object | undefined,
    variables: Variables | Bindings,
  ) {
    this.loop = loop;
    this.#task = task;
    this.frame = frameOf(this, variables);
  }

  /** The scope around it in the same task. */
  get parent(): CancelScope | undefined {
    return undefined;
  }

  /** The scope of the whole task. */
  get outermost(): CancelScope {
    return this;
  }

  /** Whether no cancel of the scopes around it reaches its code. */
  get shielded(): boolean {
    return false;
  }

  /** Whether it is that of a wait that has become a future. */
  get isHandedOver(): boolean {
    return false;
  }

  /** When a time limit cancels it, on the loop's clock. */
  get deadline(): number {
    return Infinity;
  }

  /** The task that it is in; `undefined` in callbacks and outside of tasks. */
  get task(): object | undefined {
    return this.outermost.#task;
  }

  /** How many cancels were asked for and not taken back. */
  get cancels(): number {
    return this.#state.cancels;
  }

  /**
   * The error of the last cancel; dropped at the close if the scope is empty.
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
    CancelScope.#ownState(this).pending = error;
  }

  /** The deliveries, in this scope and inside, whose code has not resumed. */
  get inFlight(): SmallSet<Delivery> {
    return this.#state.inFlight;
  }

  set inFlight(deliveries: SmallSet<Delivery>) {
    if (deliveries !== this.#state.inFlight) {
      CancelScope.#ownState(this).inFlight = deliveries;
    }
  }

  /** A cancel from around this scope that waits until this scope has ended. */
  get heldBack(): CancelledError | undefined {
    return this.#state.heldBack;
  }

  set heldBack(error: CancelledError | undefined) {
    CancelScope.#ownState(this).heldBack = error;
  }

  /** Whether a cancel of this scope, or of one around it, is in force. */
  get cancelled(): boolean {
    return this.cancels > 0 || (this.around?.cancelled ?? false);
  }

  /** The scopes inside in which something goes on: for the monitor. */
  get children(): Iterable<BlockScope> {
    return this.#children ?? [];
  }

  /** The youngest of them. */
  get lastChild(): BlockScope | undefined {
    return this.#children?.last;
  }

  /** The youngest wait that was begun in it and has not ended. */
  get firstWait(): ScopedWait | undefined {
    return this.#firstWait;
  }

  /** Whether it is over. */
  get isClosed(): boolean {
    return this.frame.scope !== this;
  }

  /**
   * Ends the scope: code that still runs in it is in the scope around it from
   * now on. A cancel of its own that was not delivered is taken back.
   */
  close(): void {
    this.pending = undefined;
    this.stopWatching();
    if (this.error !== undefined && this.isEmpty) {
      // It is large, and not needed any more.
      CancelScope.#ownState(this).error = undefined;
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
   * another task hands the cancel on to that task. If the cancel comes back to
   * this scope, tasks wait for each other in a ring: the wait that closes the
   * ring is ended. If it comes here again on another way, it only counts.
   *
   * @param caller The scope of the calling code; none if the loop calls.
   */
  cancel(error: CancelledError, caller?: CancelScope): void {
    if (caller !== undefined) endDeliveries(caller); // its code runs
    const state = CancelScope.#ownState(this);
    if (state.isCancelling) {
      state.foundRing = true;
      return;
    }
    if (state.cancels++ > 0 && state.reachedIn === currentPass()) return;
    state.error = error;
    this.pending = error;
    if (!this.isClosed) {
      const watch = this.loop.cancelWatch ??= new CancelWatch(
        this.loop,
      );
      state.watched ??= watch.add(this);
    }
    if (mergeOrHoldBack(this, error)) this.pending = undefined;
    cancelWaits(this, state, error);
  }

  /**
   * Whether its code waits, or has been cancelled in a wait and has not
   * resumed.
   */
  get isWaiting(): boolean {
    return this.exposedWaits.length > 0 || this.inFlight !== undefined;
  }

  /**
   * Takes one cancel back, and returns how many are left. If none is left, a
   * pending cancel is not delivered.
   */
  uncancel(): number {
    if (this.cancels > 0 && --CancelScope.#ownState(this).cancels === 0) {
      this.pending = undefined;
      this.stopWatching();
    }
    return this.cancels;
  }

  /** Does not report a cancel that has no effect any more. */
  stopWatching(): void {
    const { watched } = this.#state;
    if (watched === undefined) return;
    this.loop.cancelWatch!.remove(watched);
    CancelScope.#ownState(this).watched = undefined;
  }

  /** Whether something in it is shielded, and so ends by itself. */
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
    beginDelivery(this, originOf(this, error));
  }

  /** The scope around this one, if cancels of that reach this one. */
  get around(): CancelScope | undefined {
    return this.shielded ? undefined : this.parent;
  }

  /** Whether there is no wait and no scope in it. */
  get isEmpty(): boolean {
    return this.#firstWait === undefined &&
      this.lastChild === undefined;
  }

  get isRoot(): boolean {
    return this === this.loop.rootScope;
  }

  /**
   * Notes that a cancel is delivered to the code of this scope. If that is behind
   * a future, it is still to be delivered to the code of the task.
   */
  delivered(error: CancelledError): void {
    noteDelivered(this, error);
  }

  /**
   * Makes a cancel that was delivered earlier pending again: for code that had
   * to catch it.
   */
  renew(error: CancelledError): void {
    const origin = originOf(this, error);
    if (!origin.isClosed && !origin.isRoot) origin.pending = error;
  }

  /**
   * Takes the pending cancel that is to be delivered next to code of this
   * scope: that of the outermost scope that has one.
   */
  takePending(): CancelledError | undefined {
    const cancelled = pendingScope(this);
    if (cancelled === undefined) return undefined;
    const error = cancelled.pending!;
    this.delivered(error);
    return error;
  }

  /**
   * How many cancels of this scope and those around it are in force and have been
   * delivered.
   */
  get deliveredCancels(): number {
    const own = this.cancels - (this.pending === undefined ? 0 : 1);
    return own + this.outerCancels;
  }

  /** The same of the scopes around this one alone. */
  get outerCancels(): number {
    return this.around?.deliveredCancels ?? 0;
  }

  /**
   * The cancel of this scope or one around it that came since
   * {@linkcode deliveredCancels} was `before`. One that is not delivered yet is
   * delivered by this.
   */
  cancelSince(before: number): CancelledError | undefined {
    const pending = pendingCancels.count === 0 ? undefined : this.takePending();
    return pending ?? deliveredSince(this, before);
  }

  /**
   * The same for the code behind a future: what is not delivered yet stays
   * pending, for the code of the task.
   */
  seenSince(before: number): CancelledError | undefined {
    return pendingScope(this)?.pending ?? deliveredSince(this, before);
  }

  /**
   * A signal that aborts with the error of the next cancel. Once that is
   * delivered or taken back, this returns another signal.
   */
  get signal(): AbortSignal {
    // It never aborts. One signal for all calls would keep all their listeners.
    if (this.isRoot) return new AbortController().signal;
    const cancelled = pendingScope(this);
    const state = CancelScope.#ownState(this);
    if (cancelled === undefined && state.controller?.signal.aborted) {
      state.controller = undefined;
    }
    const controller = state.controller ??= new AbortController();
    if (cancelled !== undefined && !controller.signal.aborted) {
      controller.abort(cancelled.pending);
    }
    return controller.signal;
  }

  /** Whether no scope is open in it, and its signal was not asked for. */
  get isPlain(): boolean {
    return this.#state.controller === undefined &&
      this.lastChild === undefined;
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

  /**
   * The waits under way in this scope and in the scopes inside, oldest first.
   */
  get waits(): ScopedWait[] {
    return waitsIn(this);
  }

  /** Those of {@linkcode waits} that a cancel of this scope reaches. */
  get exposedWaits(): ScopedWait[] {
    return exposedWaitsIn(this);
  }

  /**
   * Returns the wait behind `promise`, if it was begun in this scope or in one
   * inside, and has not ended.
   */
  findWait(promise: unknown): HandedWait | undefined {
    return findWaitIn(this, promise);
  }

  /** Aborts the signals of this scope and those inside. */
  abortSignals(error: CancelledError): void {
    const children = this.#children === undefined ? [] : [...this.#children];
    this.#state.controller?.abort(error);
    for (const child of children) {
      if (!child.shielded) child.abortSignals(error);
    }
  }

  /** Adds a scope inside, in which something goes on. */
  addChild(child: BlockScope): void {
    (this.#children ??= new LinkedList()).add(child);
  }

  /** Removes a scope inside, in which nothing goes on any more. */
  removeChild(child: BlockScope): void {
    this.#children!.remove(child);
  }

  /** Called when a wait has begun: see `BlockScope.cancelAtNextWait`. */
  cancelIfDue(): void {}

  /**
   * Returns the state of `scope`, to be written to. Static, as a private method
   * takes a field of each object.
   */
  static #ownState(scope: CancelScope): CancelState {
    if (scope.#state === NOT_CANCELLED) scope.#state = new CancelState();
    return scope.#state;
  }
}

/** Returns the frame of code on `loop` that runs in no task. */
export function rootFrame(
  loop: Loop,
  variables: Variables,
): ContextFrame {
  return { scope: rootScopeOf(loop), variables };
}

/**
 * Returns the scope of all code on `loop` that runs in no task. Nothing cancels
 * it.
 */
export function rootScopeOf(loop: Loop): CancelScope {
  return loop.rootScope ??= new CancelScope(
    loop,
    undefined,
    noVariables(),
  );
}
