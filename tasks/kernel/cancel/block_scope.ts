/** @module */
import { type CancelledError, cancelOf } from "../errors.ts";
import { pendingCancels } from "../pending_cancels.ts";
import type { Variables } from "./context_frame.ts";
import { CancelScope } from "./cancel_scope.ts";
import type { Contest } from "./contest.ts";
import { endDeliveries } from "./in_flight.ts";
import type { HandedWait, Inner, Repeated, ScopedWait } from "./scoped_wait.ts";

const settled = Promise.resolve();

/** How code that ran in a scope has failed. */
export type Outcome =
  /** An error that is no cancel. */
  | { readonly kind: "error"; readonly error: unknown }
  /** The scope's own cancel. */
  | { readonly kind: "ownCancel"; readonly error: CancelledError }
  /** A cancel that is not the scope's own. */
  | { readonly kind: "outerCancel"; readonly error: CancelledError };

/**
 * The scope of a block inside a task: of a timeout, a group, a shield, a wait
 * in several steps.
 */
export class BlockScope extends CancelScope implements HandedWait {
  declare previousSibling: BlockScope | undefined;
  declare nextSibling: BlockScope | undefined;
  readonly #parent: CancelScope;
  readonly #outermost: CancelScope;
  /** Whether it is in the list of its parent. */
  #attached = false;
  /** What {@linkcode outerCancels} was when the scope was opened. */
  readonly #outerCancelsBefore: number;
  #shielded = false;
  #isHandedOver = false;
  #deadline = Infinity;
  /** See {@linkcode cancelAtNextWait}. */
  #dueCancel: (() => void) | undefined = undefined;
  /** If its code is a wait in several steps: the promise of that wait. */
  promise: Promise<unknown> | undefined = undefined;
  /**
   * If its code only waits for one promise, whose value it then gives: that
   * promise.
   */
  last: Promise<unknown> | undefined = undefined;
  /** If its code does so again and again, until such a promise resolves. */
  repeated: Repeated | undefined = undefined;

  constructor(parent: CancelScope, variables: Variables) {
    super(parent.loop, undefined, variables);
    if (parent.inFlight !== undefined) endDeliveries(parent); // its code runs
    this.#parent = parent;
    this.#outermost = parent.outermost;
    this.#attach();
    this.#outerCancelsBefore = this.outerCancels;
  }

  override get parent(): CancelScope {
    return this.#parent;
  }

  override get outermost(): CancelScope {
    return this.#outermost;
  }

  override get shielded(): boolean {
    return this.#shielded;
  }

  override set shielded(shielded: boolean) {
    this.#shielded = shielded;
  }

  override get isHandedOver(): boolean {
    return this.#isHandedOver;
  }

  override get deadline(): number {
    return this.#deadline;
  }

  override set deadline(when: number) {
    this.#deadline = when;
  }

  override close(): void {
    super.close();
    this.#detachIfEmpty();
  }

  /** If its code is a wait in several steps: what that waits for now. */
  get what(): string {
    return this.waits.map(({ what }) => what).join(", ");
  }

  abandon(error: CancelledError, caller?: CancelScope): void {
    this.promise?.then(undefined, () => {});
    this.cancel(error, caller);
  }

  detach(): void {
    this.#shielded = true;
    for (const wait of this.waits) wait.detachHanded?.();
  }

  handOver(): void {
    this.#isHandedOver = true;
  }

  get inner(): Inner | undefined {
    const { last, repeated } = this;
    if (last === undefined && repeated === undefined) return undefined;
    const wait = last === undefined ? undefined : this.findWait(last);
    return { promise: last, wait, repeated };
  }

  joinContest(_contest: Contest): boolean {
    return false;
  }

  leavePlaces(_error: CancelledError): void {}

  /** What is behind `promise`, if that stands for the whole block. */
  behind(promise: unknown): HandedWait | undefined {
    return this.promise === promise ? this : undefined;
  }

  /**
   * Calls `cancel`, which has to cancel this scope, once a wait in it has
   * begun. Until then its code can take what is there without a wait. The
   * returned function takes this back.
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
   * Waits two microtasks, in which a promise that is settled already may end
   * the wait: one for the `then` on it, one for the promise that this returns.
   */
  override cancelIfDue(): void {
    if (this.#dueCancel !== undefined) {
      settled.then(() => {}).then(() => {
        if (this.exposedWaits.length > 0) this.#dueCancel?.();
      });
    }
    this.#parent.cancelIfDue();
  }

  /**
   * Returns how code that ran in this scope has failed with `error`: tells the
   * scope's own cancel from one from further out. If both have come, the outer
   * cancel wins; if it is still pending, it is delivered by this call.
   */
  outcomeOf(error: unknown): Outcome {
    const cancel = cancelOf(error);
    if (cancel === undefined) return { kind: "error", error };
    if (this.cancels === 0) return { kind: "outerCancel", error: cancel };
    const outer = this.outerCancel;
    return outer === undefined
      ? { kind: "ownCancel", error: cancel }
      : { kind: "outerCancel", error: outer };
  }

  /**
   * The cancel of a scope around this one that has come since this one was
   * opened. If it is still pending, it is delivered by this call, unless this is
   * the scope behind a future.
   */
  get outerCancel(): CancelledError | undefined {
    const before = this.#outerCancelsBefore;
    return this.#isHandedOver
      ? this.around?.seenSince(before)
      : this.around?.cancelSince(before);
  }

  override addWait(wait: ScopedWait): void {
    if (!this.#attached) this.#attach();
    super.addWait(wait);
  }

  override removeWait(wait: ScopedWait): void {
    super.removeWait(wait);
    if (this.isClosed) this.#detachIfEmpty();
  }

  override addChild(child: BlockScope): void {
    super.addChild(child);
    if (!this.#attached) this.#attach();
  }

  override removeChild(child: BlockScope): void {
    super.removeChild(child);
    if (this.isClosed) this.#detachIfEmpty();
  }

  #attach(): void {
    this.#attached = true;
    this.#parent.addChild(this);
  }

  /**
   * Takes the scope out of the list of its parent if it is empty. A wait that
   * is begun in it later adds it again.
   */
  #detachIfEmpty(): void {
    if (!this.#attached || !this.isEmpty) return;
    this.#attached = false;
    this.#parent.removeChild(this);
  }
}
