/** @module */
import { type CancelledError, isCancelled } from "../errors.ts";
import { pendingCancels } from "../pending_cancels.ts";
import type { Variables } from "../variables.ts";
import { CancelScope } from "./cancel_scope.ts";
import type { Contest } from "./contest.ts";
import type { HandedWait, ScopedWait } from "./scoped_wait.ts";

const settled = Promise.resolve();

/** How code that ran in a scope has failed. */
export type Outcome =
  /** An error that is no cancel. */
  | { readonly kind: "error"; readonly error: unknown }
  /** The cancel of the scope itself ended it. */
  | { readonly kind: "ownCancel"; readonly error: CancelledError }
  /** A cancel that is not the scope's own ended it. */
  | { readonly kind: "outerCancel"; readonly error: CancelledError };

/**
 * The scope of a block inside a task: of a timeout, a group, a shield, a wait in
 * several steps.
 */
export class BlockScope extends CancelScope implements HandedWait {
  declare previousSibling: BlockScope | undefined;
  declare nextSibling: BlockScope | undefined;
  readonly #parent: CancelScope;
  readonly #outermost: CancelScope;
  /** Whether it is among the children of its parent. */
  #attached = false;
  /** What {@linkcode outerCancels} was when it was opened. */
  readonly #outerCancelsBefore: number;
  #shielded = false;
  #deadline = Infinity;
  /** Cancels this scope at its next wait: see {@linkcode cancelAtNextWait}. */
  #dueCancel: (() => void) | undefined = undefined;
  /** If its code is a wait in several steps: what that has returned. */
  promise: Promise<unknown> | undefined = undefined;
  /** If all its code does is to wait for it: a wait that was begun in it. */
  last: Promise<unknown> | undefined = undefined;

  constructor(parent: CancelScope, variables: Variables) {
    super(parent.loop, undefined, variables);
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

  /** As a wait in several steps: what it waits for now. */
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
   * What is settled already may end the wait that has begun: so much may pass as
   * the value of a settled promise needs to come through a `then`.
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
    const pending = this.around?.takePending();
    if (pending !== undefined) return pending;
    if (this.outerCancels <= this.#outerCancelsBefore) return undefined;
    for (let scope = this.around; scope !== undefined; scope = scope.around) {
      if (scope.cancels > 0 && scope.error !== undefined) return scope.error;
    }
    return undefined;
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
   * A closed scope leaves when nothing goes on in it; what is begun in it later
   * brings it back.
   */
  #detachIfEmpty(): void {
    if (!this.#attached || !this.isEmpty) return;
    this.#attached = false;
    this.#parent.removeChild(this);
  }
}
