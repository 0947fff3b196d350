/** @module */
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { type CancelledError, isCancelled } from "../../tasks/kernel/errors.ts";
import { Future } from "../../tasks/future.ts";
import type { Loop } from "../../tasks/kernel/loop/loop.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import {
  QueuedWaiter,
  ShieldedWaiter,
  WaitQueue,
} from "../../tasks/kernel/wait/wait_queue.ts";
import {
  deliver,
  ready,
  takePendingCancel,
} from "../../tasks/kernel/wait/checkpoint.ts";
import type { Engine } from "./_engine.ts";
import { DONE } from "./_source.ts";

/**
 * A call of `next` that waits. A cancel ends the operator, and this wait when
 * that is over.
 */
class Next<T> extends QueuedWaiter<IteratorResult<T, undefined>> {
  readonly #operator: Operator<T>;
  #cancel: CancelledError | undefined = undefined;

  constructor(operator: Operator<T>) {
    super();
    this.#operator = operator;
  }

  get isCancelled(): boolean {
    return this.#cancel !== undefined;
  }

  override cancel(error: CancelledError): boolean {
    this.#cancel = error;
    this.#operator.leave();
    this.#operator.hurry();
    return !this.pending;
  }

  /** Rejects with the cancel. */
  giveUp(): void {
    this.delivered(this.#cancel!);
    super.cancel(this.#cancel!);
  }
}

/**
 * A call of `return` that waits. A cancel does not end it: what is to be closed is
 * closed first, unless it cannot be.
 */
class Return extends ShieldedWaiter<IteratorReturnResult<undefined>> {
  readonly #operator: Operator<unknown>;

  constructor(operator: Operator<unknown>) {
    super();
    this.#operator = operator;
  }

  override cancel(error: CancelledError): boolean {
    this.#operator.hurry();
    return super.cancel(error);
  }
}

type NextQueue<T> = WaitQueue<IteratorResult<T, undefined>, Next<T>>;

/**
 * The base of all operators. An operator does nothing before it is asked for an
 * item, and ends once: by its source, an error, a consumer that leaves, or a
 * cancelled `next`. It is over when all its tasks have ended.
 */
export abstract class Operator<T> {
  readonly what: string;
  /** The calls of `next` that wait. */
  protected readonly nexts: NextQueue<T>;
  readonly #returns: WaitQueue<IteratorReturnResult<undefined>>;
  /** The loop that the operator runs on. */
  #loop: Loop | undefined = undefined;
  #state: "new" | "open" | "ending" | "over" = "new";
  /** Whether the consumer wants no more, ready or not. */
  #isLeft = false;
  /** The next call rejects with it; if there is none, it is reported. */
  #failure: Future<never> | undefined = undefined;
  /** Whether the failure came of closing a source: `return` rejects with it. */
  #isClosingFailure = false;

  constructor(what: string) {
    this.what = what;
    this.nexts = new WaitQueue(what);
    this.#returns = new WaitQueue(`${what}: closing`);
  }

  /** Begins the work: the first item is asked for. */
  protected abstract begin(): void;
  /** The next item is asked for: returns it if it is ready. */
  protected abstract ask(): IteratorResult<T, undefined> | undefined;
  /** Ends the work, and calls {@linkcode over} when that has ended. */
  protected abstract end(): void;
  /** What runs its tasks, once it has begun. */
  protected abstract readonly engine: Engine | undefined;

  get state(): string {
    return this.#state;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const cancel = takePendingCancel();
    if (cancel !== undefined) return this.#refuse(cancel);
    try {
      if (this.#state === "new") {
        this.#state = "open";
        this.#loop = currentScope().loop;
        this.begin();
      }
      const result = this.#isLeft ? DONE : this.ask();
      if (result !== undefined) return ready(result);
    } catch (error) {
      this.fail(error);
    }
    const next = this.nexts.add(new Next(this));
    if (this.#state === "over") this.#settle();
    return next;
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.leave();
    // A task of the operator would wait for itself.
    const { task, signal } = currentScope();
    if (this.#state === "over" || this.engine?.owns(task)) return ready(DONE);
    if (signal.aborted) this.hurry(); // a cancel is pending
    return this.#returns.add(new Return(this as Operator<unknown>));
  }

  /**
   * A call that waits for the end was cancelled: sources that do not close are
   * given up.
   */
  hurry(): void {
    this.engine?.hurry();
  }

  /** The consumer wants no more. */
  leave(): void {
    this.#isLeft = true;
    if (this.#state === "over") this.#reportFailure();
    if (this.#state === "over" || this.#state === "ending") return;
    this.#state = "ending";
    this.#wakeNexts();
    this.end();
  }

  /** There are no more items than those that are ready. */
  finish(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.end();
  }

  /** It ends with `error`, after what is ready. */
  fail(error: unknown): void {
    if (this.#state !== "open") return this.report(error);
    this.#failure = failedFuture(error);
    this.finish();
  }

  /** A task has failed: if it is ending, one that closes a source. */
  failed(error: unknown): void {
    if (this.#state === "open") return this.fail(error);
    if (this.#failure !== undefined) return this.report(error);
    this.#failure = failedFuture(error);
    this.#isClosingFailure = true;
  }

  /** For errors that come after the first. */
  report(error: unknown): void {
    if (isCancelled(error)) return;
    const loop = this.#loop ?? currentScope().loop;
    loop.report({
      message: `Unhandled exception in ${this.what}, which is ending`,
      error,
    });
  }

  /** All tasks of the operator have ended. */
  over(): void {
    this.#state = "over";
    this.#settle();
  }

  /** Wakes the first waiting call with `value`; false if none waits. */
  protected hand(value: T): boolean {
    return !this.#isLeft && this.nexts.wake({ done: false, value });
  }

  /** The cancel came before this call of `next`. */
  #refuse(cancel: CancelledError): Promise<never> {
    this.leave();
    if (this.#state === "over") return deliver(cancel);
    const next = new Next(this);
    this.nexts.add(next);
    next.cancel(cancel);
    return next.promise as Promise<never>;
  }

  /** Ends the calls of `next` that wait, but for those that are cancelled. */
  #wakeNexts(): void {
    let next = this.nexts.first;
    while (next !== undefined) {
      const following = next.nextInQueue as Next<T> | undefined;
      if (!next.isCancelled) next.wake(DONE);
      next = following;
    }
  }

  /** Ends all calls that wait, once it is over. */
  #settle(): void {
    let next: Next<T> | undefined;
    while ((next = this.nexts.first) !== undefined) {
      if (next.isCancelled) next.giveUp();
      else if (this.#failure !== undefined) next.fail(this.#takeFailure());
      else next.wake(DONE);
    }
    if (this.#isClosingFailure && this.#returns.size > 0) {
      this.#returns.first!.fail(this.#takeFailure());
    }
    this.#returns.wakeAll(DONE);
    if (this.#isLeft) this.#reportFailure();
  }

  #takeFailure(): unknown {
    const error = this.#failure!.exception();
    this.#failure = undefined;
    this.#isClosingFailure = false;
    return error;
  }

  #reportFailure(): void {
    if (this.#failure !== undefined) this.report(this.#takeFailure());
  }
}

/** If its error is never taken, the loop reports it when the future is collected. */
function failedFuture(error: unknown): Future<never> {
  const future = new Future<never>();
  future.setException(error);
  return future;
}

/** The iterator that the consumer of an operator gets. */
class Items<T> implements AsyncIterableIterator<T, undefined>, AsyncDisposable {
  readonly #operator: Operator<T>;

  constructor(operator: Operator<T>) {
    this.#operator = operator;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#operator.next();
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    return this.#operator.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#operator.return();
  }

  static {
    printable(Items, (items) => ({
      operator: items.#operator.what,
      state: items.#operator.state,
    }));
  }
}

/** Makes the async iterable of an operator. */
export function itemsOf<T>(
  operator: Operator<T>,
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  return new Items(operator);
}
