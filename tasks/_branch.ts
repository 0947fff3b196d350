/** @module */
import { checkAwaitable, PromiseFuture } from "./ensure_future.ts";
import { Future } from "./future.ts";
import { BlockScope } from "./kernel/cancel/block_scope.ts";
import type { Contest, Dispenser } from "./kernel/cancel/contest.ts";
import type { HandedWait } from "./kernel/cancel/scoped_wait.ts";
import { scopeOfCaller } from "./kernel/context/current_scope.ts";
import type { CancelledError } from "./kernel/errors.ts";
import { type Awaitable, checkList } from "./kernel/types.ts";
import { FutureWaiter } from "./kernel/wait/future_waiter.ts";
import { waitBehind } from "./kernel/wait/handed_wait.ts";
import { Waiter } from "./kernel/wait/waiter.ts";
import {
  subscribe,
  type Subscriber,
  unsubscribe,
} from "./_promise_subscription.ts";

/** Who decides between branches. */
export interface Judge {
  /** Whether `branch` may happen: see {@linkcode Contest.claim}. */
  claim(branch: Branch, failed: boolean): boolean;
  /** See {@linkcode Contest.decided}. */
  decided(branch: Branch): void;
  /** See {@linkcode Contest.givesWay}. */
  givesWay(dispenser: Dispenser): boolean;
  isLost(branch: Branch): boolean;
  /** Called once for each branch that has begun. */
  ended(branch: Branch, failed: boolean, outcome: unknown): void;
}

/**
 * One of several things of which the first decides. If it is a wait of this
 * package, and no more, it claims to happen in the step that wakes it, and can be
 * given up until then. Anything else is seen only when it has ended.
 */
export class Branch implements Contest, Subscriber {
  readonly work: Awaitable<unknown>;
  /** Its place in the list. */
  readonly index: number;
  judge!: Judge;
  /** The scope of its code, if it may have more than a wait. */
  scope: BlockScope | undefined = undefined;
  hasEnded = false;
  /** Whether it was in no wait when it was given up: it has been woken before. */
  wasAwake = false;
  #isGivenUp = false;
  /** Whether it ended as it left the place of its wait. */
  #hasLeft = false;
  /** What is behind its promise. */
  #wait: HandedWait | undefined = undefined;
  /** The wait that it is: that, or the last one of its code. */
  #lastWait: Waiter<unknown> | BlockScope | undefined = undefined;
  /** Its promise, if nothing is known of it and it is let go of when it loses. */
  #foreign: Promise<unknown> | undefined = undefined;
  /** Whether the wait tells how it ends. */
  #isDirect = false;
  /** What it comes down to: its promise, or that of its last wait. */
  #lastPromise: unknown = undefined;

  constructor(work: Awaitable<unknown>, index: number) {
    this.work = work;
    this.index = index;
  }

  get isFunction(): boolean {
    return typeof this.work === "function";
  }

  /** Whether it is a wait, and none of its code runs. */
  get isPlain(): boolean {
    return this.#isDirect;
  }

  /** Whether nothing is known of it until it has ended. */
  get isOpaque(): boolean {
    return this.#wait === undefined && !this.hasEnded;
  }

  get isLost(): boolean {
    return this.judge.isLost(this);
  }

  claim(failed: boolean): boolean {
    return this.judge.claim(this, failed);
  }

  decided(): void {
    this.judge.decided(this);
  }

  givesWay(dispenser: Dispenser): boolean {
    return this.judge.givesWay(dispenser);
  }

  /** Waits for `result`, which was made in `scope` or its task. */
  follow(result: PromiseLike<unknown>, scope: BlockScope): void {
    const promise = result instanceof Future
      ? result.then((value) => value)
      : Promise.resolve(result);
    let wait = this.#wait = waitBehind(promise, scope);
    let last: unknown = result;
    while (true) {
      if (wait instanceof BlockScope && wait.last !== undefined) {
        last = wait.last;
        wait = wait.findWait(last);
      } else if (
        wait instanceof FutureWaiter && wait.source instanceof PromiseFuture &&
        wait.source.wait !== undefined
      ) wait = wait.source.wait; // it was handed over
      else break;
    }
    this.#lastPromise = last;
    if (wait instanceof Waiter || wait instanceof BlockScope) {
      if (wait.joinContest(this)) {
        this.#lastWait = wait;
        this.#isDirect = wait instanceof Waiter && wait.promise === promise;
        if (this.#isDirect) return;
      }
    }
    if (this.#wait === undefined && this.scope === undefined) {
      this.#foreign = promise;
      return subscribe(promise, this);
    }
    promise.then(
      (value) => this.settle(false, value),
      (error) => this.settle(true, error),
    );
  }

  /** Whether it comes down to `promise`. */
  isWaitFor(promise: unknown): boolean {
    return promise !== undefined && promise === this.#lastPromise;
  }

  fulfilled(value: unknown): void {
    if (this.#isDirect || this.#foreign !== undefined) {
      this.settle(false, value);
    }
  }

  rejected(error: unknown): void {
    if (this.#foreign !== undefined) return this.settle(true, error);
    if (!this.#isDirect) return;
    // Another promise tells of it.
    if (!this.#hasLeft) this.#promise.then(undefined, () => {});
    this.settle(true, error);
  }

  /** It has ended. */
  settle(failed: boolean, outcome: unknown): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.judge.ended(this, failed, outcome);
  }

  /** Leaves the places of its wait, and calls no foreign code. */
  leave(error: CancelledError): void {
    const wait = this.#lastWait;
    if (this.hasEnded || wait === undefined) return;
    if (wait instanceof BlockScope) return wait.leavePlaces(error);
    if (!wait.endsAtOnce) return;
    if (this.#isDirect) this.#hasLeft = true;
    wait.abandon(error);
  }

  /** Whether there is nothing to cancel. */
  get isGone(): boolean {
    return this.hasEnded && (!this.#hasLeft || this.scope === undefined);
  }

  /** Cancels it. What is foreign is let go of. */
  giveUp(error: CancelledError): void {
    if (this.#isGivenUp || this.isGone) return;
    this.#isGivenUp = true;
    if (this.scope !== undefined) {
      this.scope.cancel(error, scopeOfCaller());
      if (this.hasEnded) return this.scope.stopWatching();
      this.wasAwake = this.scope.pending === error;
    } else if (this.#wait !== undefined) {
      this.#wait.abandon(error, scopeOfCaller());
    } else {
      // Nothing of this race stays with it: it may live much longer.
      if (this.#foreign !== undefined) unsubscribe(this.#foreign, this);
      this.settle(true, error);
    }
  }

  /** Takes it out of the task. */
  detach(): void {
    this.#wait?.detach();
  }

  get #promise(): Promise<unknown> {
    return (this.#wait as Waiter<unknown>).promise;
  }
}

/** The branches, checked: at least one, and each to be waited for. */
export function branchesOf(
  works: Iterable<Awaitable<unknown>>,
  name: string,
): Branch[] {
  checkList(works, name);
  const branches: Branch[] = [];
  for (const work of works) {
    checkAwaitable(work);
    branches.push(new Branch(work, branches.length));
  }
  if (branches.length > 0) return branches;
  throw new TypeError(
    `Cannot call ${name}: it takes at least one branch, received none`,
  );
}
