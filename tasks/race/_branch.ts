/** @module */
import { Future } from "../future.ts";
import type { BlockScope } from "../kernel/cancel/block_scope.ts";
import type { CancelScope } from "../kernel/cancel/cancel_scope.ts";
import type { Contest, Dispenser } from "../kernel/cancel/contest.ts";
import type { HandedWait } from "../kernel/cancel/scoped_wait.ts";
import { scopeOfCaller } from "../kernel/context/current_scope.ts";
import type { CancelledError } from "../kernel/errors.ts";
import type { Awaitable } from "../kernel/types.ts";
import { isReady, lastReady } from "../kernel/wait/checkpoint.ts";
import { waitBehind } from "../kernel/wait/handed_wait.ts";
import { Waiter } from "../kernel/wait/waiter.ts";
import {
  subscribe,
  type Subscriber,
  unsubscribe,
} from "../promise_subscription.ts";

const settled = Promise.resolve();

/** Decides between branches. */
export interface Judge {
  /** Whether `branch` may happen: see {@linkcode Contest.claim}. */
  claim(branch: Branch, failed: boolean): boolean;
  /** See {@linkcode Contest.decided}. */
  decided(branch: Branch): void;
  /** See {@linkcode Contest.givesWay}. */
  givesWay(dispenser: Dispenser): boolean;
  /** See {@linkcode Contest.behind}. */
  behind(promise: unknown): HandedWait | undefined;
  /** See {@linkcode Contest.noteSettling}. */
  noteSettling(promises: Set<unknown>): void;
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
  readonly #judge: Judge;
  readonly work: Awaitable<unknown>;
  /** Its place in the list. */
  readonly index: number;
  /** The scope of its code, if it may have more than a wait. */
  scope: BlockScope | undefined = undefined;
  hasEnded = false;
  /** Whether it ended as it left the place of its wait. */
  hasLeft = false;
  /**
   * Whether it was in no wait when it was given up: if it ends with a value, it
   * has been woken before.
   */
  wasAwake = false;
  #isGivenUp = false;
  /** Whether it is a wait, and none of its code runs: that tells how it ends. */
  #isPlain = false;
  /** What is behind its promise. */
  #wait: HandedWait | undefined = undefined;
  /** The wait that it comes down to, which takes part in the contest. */
  #innermost: HandedWait | undefined = undefined;
  /** Whether what it comes down to is begun again when it fails. */
  #isRepeated = false;
  /** Its promise, if nothing is known of it and it is let go of when it loses. */
  #foreign: Promise<unknown> | undefined = undefined;

  constructor(judge: Judge, work: Awaitable<unknown>, index: number) {
    this.#judge = judge;
    this.work = work;
    this.index = index;
  }

  get isFunction(): boolean {
    return typeof this.work === "function";
  }

  /** Whether it is a wait, and none of its code runs. */
  get isPlain(): boolean {
    return this.#isPlain;
  }

  /** Whether nothing is known of it until it has ended. */
  get isOpaque(): boolean {
    return this.#wait === undefined && !this.hasEnded;
  }

  /** Whether the wait leads to it, and ends in the step in which it loses. */
  get isFound(): boolean {
    return this.#isPlain && (this.#wait as Waiter<unknown>).endsAtOnce;
  }

  /** What it waits for, in words, as far as that is known. */
  get what(): string | undefined {
    return this.hasEnded ? undefined : (this.#wait ?? this.scope)?.what;
  }

  get isLost(): boolean {
    return this.#judge.isLost(this);
  }

  claim(failed: boolean): boolean {
    if (failed && this.#isRepeated) return true; // that is not its end
    return this.#judge.claim(this, failed);
  }

  decided(): void {
    this.#judge.decided(this);
  }

  givesWay(dispenser: Dispenser): boolean {
    return this.#judge.givesWay(dispenser);
  }

  behind(promise: unknown): HandedWait | undefined {
    return this.#judge.behind(promise);
  }

  noteSettling(promises: Set<unknown>): void {
    this.#judge.noteSettling(promises);
  }

  /**
   * Waits for `result`, which was made in `scope` or its task. Whether that did
   * not have to wait.
   */
  follow(result: PromiseLike<unknown>, scope: CancelScope): boolean {
    const promise = result instanceof Future
      ? result.then((value) => value)
      : Promise.resolve(result);
    const wait = this.#wait = waitBehind(promise, scope);
    if (wait instanceof Waiter && wait.promise === promise) {
      if (wait.joinContest(this)) {
        this.#innermost = wait;
        this.#isPlain = true;
        return false;
      }
    }
    const isReady = this.#joinInnermost(result);
    if (this.#wait === undefined && this.scope === undefined) {
      this.#foreign = promise;
      subscribe(promise, this);
    } else {
      promise.then(
        (value) => this.settle(false, value),
        (error) => this.settle(true, error),
      );
    }
    return isReady;
  }

  /** Whether what `result` comes down to did not have to wait. */
  #joinInnermost(result: PromiseLike<unknown>): boolean {
    let around = this.#wait;
    let wait = around;
    let last: unknown = result;
    for (let inner = wait?.inner; inner !== undefined; inner = wait?.inner) {
      const { repeated } = inner;
      if (repeated !== undefined) {
        this.#isRepeated = true;
        repeated.onNext = () => this.#repeat(result);
      }
      last = inner.promise ?? last;
      wait = inner.wait;
      around = wait ?? around;
    }
    this.#innermost = around?.joinContest(this) ? around : undefined;
    return isReady(last) && !(this.#isRepeated && lastReady.failed);
  }

  /** Waits for the next attempt. */
  #repeat(result: PromiseLike<unknown>): void {
    if (this.hasEnded || this.isLost) return;
    if (this.#joinInnermost(result) && this.claim(false)) this.decided();
  }

  fulfilled(value: unknown): void {
    if (this.#isPlain || this.#foreign !== undefined) {
      this.settle(false, value);
    }
  }

  rejected(error: unknown): void {
    if (this.#foreign !== undefined) return this.settle(true, error);
    if (!this.#isPlain) return;
    if (!this.hasLeft) { // another promise tells of it
      (this.#wait as Waiter<unknown>).promise.then(undefined, () => {});
    }
    this.settle(true, error);
  }

  /** It has ended. */
  settle(failed: boolean, outcome: unknown): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#judge.ended(this, failed, outcome);
  }

  /** Leaves the places of its wait, and calls no foreign code. */
  leave(error: CancelledError): void {
    const wait = this.#innermost;
    if (this.hasEnded || wait === undefined) return;
    if (this.isFound) this.hasLeft = true;
    wait.leavePlaces(error);
  }

  /** Whether there is nothing to cancel. */
  get isGone(): boolean {
    return this.hasEnded && (!this.hasLeft || this.scope === undefined);
  }

  /**
   * Cancels it. What is foreign is let go of.
   *
   * @param isLost Whether another one has won.
   */
  giveUp(error: CancelledError, isLost: boolean): void {
    if (this.#isGivenUp || this.isGone) return;
    this.#isGivenUp = true;
    if (this.scope !== undefined) {
      this.scope.cancel(error, scopeOfCaller());
      if (this.hasEnded) return this.scope.stopWatching();
      this.wasAwake = this.scope.pending === error;
    } else if (this.#wait !== undefined) {
      this.#wait.abandon(error, scopeOfCaller());
    } else if (isLost) this.#letGo(error);
    else {
      // It may have settled, which a promise does not show: its reaction is
      // called before this one, and it decides.
      this.wasAwake = true;
      settled.then(() => this.#letGo(error));
    }
  }

  /** Nothing of this race stays with what is foreign: it may live much longer. */
  #letGo(error: CancelledError): void {
    if (this.#foreign !== undefined) unsubscribe(this.#foreign, this);
    this.settle(true, error);
  }

  /** The race has become a future: see {@linkcode HandedWait.handOver}. */
  handOver(): void {
    this.#wait?.handOver();
  }

  /** Takes it out of the task. */
  detach(): void {
    this.#wait?.detach();
  }
}
