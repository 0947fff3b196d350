/** @module */
import type { Branch } from "./_branch.ts";
import {
  BranchContest,
  LOST,
  type RaceOptions,
  type Rules,
} from "./_branch_contest.ts";
import { checkAwaitable } from "../ensure_future.ts";
import { allowLeft } from "../kernel/context/leak_checks.ts";
import {
  cancellation,
  type CancelledError,
  isCancelled,
} from "../kernel/errors.ts";
import { pendingCancels } from "../kernel/pending_cancels.ts";
import { type Awaitable, checkList } from "../kernel/types.ts";
import { noteReady } from "../kernel/wait/checkpoint.ts";
import { checkpointOfOwner } from "../kernel/wait/handed_wait.ts";
import { executor, made } from "../kernel/wait/promise_executor.ts";

/**
 * Branches side by side in one task, of which the first decides. One that loses is
 * cancelled and waited for.
 *
 * A cancel from outside that comes before the decision goes to all branches.
 */
class Race extends BranchContest implements AsyncDisposable {
  readonly promise: Promise<unknown> = new Promise(executor);
  readonly #resolve: (value: unknown) => void = made.resolve;
  readonly #reject: (error: unknown) => void = made.reject;
  readonly #cancelsBefore: number = this.scope.deliveredCancels;
  /** How the winner has ended. */
  #end: "value" | "error" | undefined = undefined;
  #outcome: unknown = undefined;
  #errors: unknown[] | undefined = undefined;
  #outerCancel: CancelledError | undefined = undefined;
  #aborted: { readonly reason: unknown } | undefined = undefined;
  #isOver = false;
  /** Whether it was left to the run. */
  #isLeft = false;
  #ended: (() => void) | undefined = undefined;

  run(): Promise<unknown> {
    this.start();
    if (this.winner !== undefined) {
      noteReady(this.promise, this.#end === "error");
    }
    return this.promise;
  }

  ended(branch: Branch, failed: boolean, outcome: unknown): void {
    if (branch === this.winner) this.#endWith(failed, outcome);
    else this.#judge(branch, failed, outcome);
    branch.scope?.stopWatching();
    this.running--; // last, as others may end because of it
    this.checkOver();
  }

  #judge(branch: Branch, failed: boolean, outcome: unknown): void {
    const cancelled = failed && isCancelled(outcome);
    const outer = cancelled ? this.#newCancel : undefined;
    if (outer !== undefined) {
      this.#outerCancel = outer;
      if (this.isOpen) this.#giveUp(outer);
    } else if (this.isOpen) {
      if (!failed || this.rules.failureDecides) {
        if (!this.claim(branch, failed)) return;
        this.#endWith(failed, outcome);
        this.decided(branch);
        return;
      }
      (this.#errors ??= [])[branch.index] = outcome;
      this.starter.failed(branch);
    } else if (!cancelled) this.#judgeLate(branch, failed, outcome);
  }

  /**
   * A branch that was given up has ended by itself. If no other one has, because
   * all were given up, and it was woken before that, it decides.
   */
  #judgeLate(branch: Branch, failed: boolean, outcome: unknown): void {
    const isWanted = this.winner === undefined && !this.#isLeft &&
      (!failed || this.rules.failureDecides) &&
      (this.#outerCancel !== undefined || branch.wasAwake);
    if (isWanted) {
      this.winner = branch;
      this.#endWith(failed, outcome);
    } else if (failed) {
      const { loop, task } = this.scope;
      loop.report({
        message: `Exception in a branch of ${this.rules.name} that has lost`,
        error: outcome,
        ...(task !== undefined && { task }),
      });
    }
  }

  #endWith(failed: boolean, outcome: unknown): void {
    this.#end = failed ? "error" : "value";
    this.#outcome = outcome;
  }

  abort(reason: unknown): void {
    if (!this.isOpen) return;
    const { loop } = this.scope;
    this.#aborted = { reason };
    this.#giveUp(cancellation(loop, "the signal was aborted"));
    this.checkOver();
    if (this.#isOver) return;
    const leave = () => this.#leaveToRun(reason);
    loop.defer({ run: leave, runsUserCode: false });
  }

  /** After an abort it rejects, and what it still does is left to the run. */
  #leaveToRun(reason: unknown): void {
    if (this.#isOver || this.winner !== undefined) return;
    this.#isLeft = true;
    this.#fail(reason);
    allowLeft(this);
    this.scope.loop.resources.add(this);
  }

  /** For the end of the run, if it was left to that. */
  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#ended = resolve);
  }

  /** When the promise was handed over, and is given up. */
  abandon(error: CancelledError): void {
    this.promise.then(undefined, () => {});
    if (this.winner !== undefined) return;
    this.leavePlaces(error);
    this.cancelOthers(error);
    this.checkOver();
  }

  leavePlaces(error: CancelledError): void {
    if (!this.isOpen) return;
    this.#outerCancel = error;
    this.close(error);
  }

  /** Gives up all branches, as a cancel has come or all have failed. */
  #giveUp(error: CancelledError = LOST): void {
    this.close(error);
    this.cancelOthers(error);
  }

  /** The cancel from outside that came since it was begun. */
  get #newCancel(): CancelledError | undefined {
    if (this.isDetached) return undefined;
    return this.isHandedOver
      ? this.scope.seenSince(this.#cancelsBefore)
      : this.scope.cancelSince(this.#cancelsBefore);
  }

  /** Takes a cancel from outside, also one that no branch has been in a wait for. */
  takeCancel(): boolean {
    const { scope } = this;
    const isApart = this.isDetached || this.isHandedOver;
    const pending = pendingCancels.count === 0 || isApart
      ? undefined
      : scope.takePending();
    if (pending !== undefined) scope.beginDelivery(pending);
    const error = pending ?? this.#newCancel;
    if (error === undefined) return false;
    this.#outerCancel = error;
    this.#giveUp(error);
    return true;
  }

  checkOver(): void {
    if (this.running > 0 || this.#isOver || this.starter.isBusy) return;
    this.#isOver = true;
    if (this.isOpen) this.#giveUp(); // all have failed
    this.starter.close(); // first, so that nothing of it is held by its frames
    if (this.#isLeft) this.scope.loop.resources.delete(this);
    this.#settle();
    this.#ended?.();
  }

  #settle(): void {
    const value = this.#outcome;
    const cancel = this.#outerCancel;
    if (this.#end !== undefined) {
      const outer = cancel === undefined || this.isHandedOver
        ? undefined
        : this.#newCancel;
      if (outer !== undefined) this.scope.renew(outer);
      if (this.#end === "error") return this.#wake(() => this.#fail(value));
      const name = this.options?.names?.[this.winner!.index];
      const result = name === undefined ? value : { name, value };
      this.#wake(() => this.#resolve(result));
    } else if (cancel !== undefined) this.#fail(cancel);
    else if (this.#aborted !== undefined) this.#fail(this.#aborted.reason);
    else {
      const message = `all branches of ${this.rules.name} have failed`;
      const error = new AggregateError(this.#errors!, message);
      this.#wake(() => this.#fail(error));
    }
  }

  /** Wakes the code that awaits it; in the next turn if the budget is spent. */
  #wake(settle: () => void): void {
    const { loop } = this.scope;
    if (loop.spend()) return settle();
    loop.defer({
      run: settle,
      runsUserCode: false,
      noteSettling: (promises) => {
        promises.add(this.promise);
        this.noteSettling(promises);
      },
    });
  }

  #fail(error: unknown): void {
    if (isCancelled(error)) this.promise.then(undefined, () => {});
    this.#reject(error);
  }
}

/** A list of `works`: at least one, and each to be waited for. */
function listOf(
  works: Iterable<Awaitable<unknown>>,
  name: string,
): readonly Awaitable<unknown>[] {
  checkList(works, name);
  const list = Array.isArray(works) ? works : [...works];
  for (const work of list) checkAwaitable(work);
  if (list.length > 0) return list;
  throw new TypeError(
    `Cannot call ${name}: it takes at least one branch, received none`,
  );
}

/** Starts a race, unless it may not begin; throws if the list is wrong. */
export function startRace(
  branches: Iterable<Awaitable<unknown>>,
  rules: Rules,
  options?: RaceOptions,
): Promise<unknown> {
  const works = listOf(branches, rules.name);
  return checkpointOfOwner(works, options) ??
    new Race(works, rules, options).run();
}
