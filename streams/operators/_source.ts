/** @module */
import { clearTimeout, setTimeout } from "node:timers";
import { CancelScope } from "../../tasks/kernel/cancel/cancel_scope.ts";
import {
  copyVariables,
  currentScope,
  runInFrame,
  runInScope,
} from "../../tasks/kernel/context/current_scope.ts";
import { CancelledError, isCancelled } from "../../tasks/kernel/errors.ts";
import { describe, isThenable } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import {
  Arrival,
  type Arrivals,
  Closing,
  isUnwinding,
  Quiet,
} from "./_arrival.ts";
import { type Input, openerOf, type Puller } from "./_puller.ts";

/** The result of an iterator that has ended. */
export const DONE: IteratorReturnResult<undefined> = {
  done: true,
  value: undefined,
};

/**
 * Real milliseconds that an item under way is waited for when its operator
 * ends, if its source does not notice the cancel: it waits for nothing of this
 * package.
 */
const FOREIGN_GRACE_MS = 100;

/** A source, as seen by the code that closes it. */
export interface Upstream {
  /** Whether there is something to close, or to report. */
  readonly isOpen: boolean;
  /** Called with errors that no call is waiting for. */
  onLateError: (error: unknown) => void;
  /** Called with the cancel when a task of the operator is abandoned. */
  onAbandoned: (task: object | undefined, error: CancelledError) => void;
  /** Waits in a task that has been cancelled until nothing is under way. */
  settle(): Promise<void>;
  /** Closes it: in a task of its own. */
  close(): Promise<void>;
  /** Does not wait for ever until it is closed. */
  hurry(): void;
}

/**
 * What an operator reads: one item at a time, and only when asked. Its code
 * runs in the task that asks, so a cancel of that reaches what it waits for.
 */
export class Source<T> implements Upstream {
  readonly what: string;
  onLateError: Upstream["onLateError"] = () => {};
  onAbandoned: Upstream["onAbandoned"] = () => {};
  readonly #open: () => Puller<T>;
  #puller: Puller<T> | undefined = undefined;
  /** Whether it has ended, failed or been closed, and is to be left alone. */
  #isOver = false;
  #isPulling = false;
  #isClosing = false;
  #isAbandoned = false;
  #isHurried = false;
  /** Where the code runs that closes it. */
  #closingIn: CancelScope | undefined = undefined;
  readonly #arrivals: Arrivals<IteratorResult<T>>;
  /** Where an item is awaited that was asked for by {@linkcode pull}. */
  #awaitedIn: CancelScope | undefined = undefined;
  #isWatchPlanned = false;
  /** What has come while nothing waited for it. */
  #unread: { result: IteratorResult<T> } | { error: unknown } | undefined =
    undefined;
  #grace: ReturnType<typeof setTimeout> | undefined = undefined;
  readonly #quiet: WaitQueue<void, Quiet>;

  /** @throws {TypeError} `input` is not a source. */
  constructor(input: Input<T>, what: string) {
    this.#open = openerOf(input);
    this.what = what;
    this.#arrivals = new WaitQueue(what);
    this.#quiet = new WaitQueue(`${what}: closing`);
  }

  get isOpen(): boolean {
    return !this.#isClosing && (this.#unread !== undefined ||
      this.#puller !== undefined && !this.#isOver);
  }

  /**
   * The next item; `undefined` if it has not come `until` then, on the loop's
   * clock: it stays under way, for the next call.
   *
   * @throws What the source throws: it has ended then.
   */
  next(): Promise<IteratorResult<T>>;
  next(until: number): Promise<IteratorResult<T> | undefined>;
  next(until = Infinity): Promise<IteratorResult<T> | undefined> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    try {
      const unread = this.#takeUnread();
      if (unread !== undefined) return ready(unread);
      if (!this.#isPulling) {
        const pulled = this.#pull();
        if (!isThenable(pulled)) return ready(pulled);
        Promise.resolve(pulled).then(this.#arrived, this.#failed);
      }
    } catch (error) {
      return Promise.reject(error);
    }
    const arrival = new Arrival<IteratorResult<T>>(this);
    if (until !== Infinity) arrival.wakeAt(until);
    return this.#arrivals.add(arrival);
  }

  /**
   * As {@linkcode next}, for tasks that read much, and can be abandoned: returns the
   * item, or a promise of it. Its result is to be handed to {@linkcode came}, its
   * error to {@linkcode broke}.
   *
   * A wait costs more than most items; so it is made only if the item has not
   * come by the next turn of the loop. To be called when none is under way.
   */
  pull(): IteratorResult<T> | PromiseLike<IteratorResult<T>> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    const pulled = this.#pull();
    if (isThenable(pulled)) {
      const scope = this.#awaitedIn = currentScope();
      if (!this.#isWatchPlanned) {
        this.#isWatchPlanned = true;
        scope.loop.defer({ run: this.#watch, runsUserCode: false });
      }
    }
    return pulled;
  }

  /** What was pulled has come. */
  came(result: IteratorResult<T>): IteratorResult<T> {
    this.#landed();
    return this.#checked(result);
  }

  /** It has failed. */
  broke(error: unknown): void {
    // One that was cancelled can still be closed.
    this.#isOver ||= !isCancelled(error);
    this.#landed();
  }

  /**
   * Lets what is under way in `scope`, which has been cancelled, end: as long
   * as its code waits for anything of this package, and a little longer.
   */
  unwind(scope: CancelScope): void {
    if (this.#grace !== undefined) return;
    this.#grace = setTimeout(() => {
      this.#grace = undefined;
      if (isUnwinding(scope)) this.unwind(scope);
      else this.#abandon();
    }, FOREIGN_GRACE_MS);
  }

  async settle(): Promise<void> {
    if (!this.#isPulling) return;
    this.unwind(currentScope());
    await this.#untilQuiet();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#isPulling) await this.#untilUnwound();
    if (this.#unread !== undefined && "error" in this.#unread) {
      this.onLateError(this.#unread.error);
    }
    this.#unread = undefined;
    if (this.#isOver) return;
    this.#isOver = true;
    // A scope of its own: no cancel is to reach what it waits for.
    const { loop, cancelled } = currentScope();
    const scope = new CancelScope(loop, undefined, copyVariables());
    this.#closingIn = scope;
    if (cancelled || this.#isHurried) this.hurry();
    const closing = async () => await this.#puller!.return();
    await this.#untilClosed(runInFrame(scope.frame, closing));
  }

  /**
   * Closing goes on as long as its code waits for anything of this package, and a
   * little longer.
   */
  hurry(): void {
    this.#isHurried = true;
    if (this.#closingIn !== undefined) this.unwind(this.#closingIn);
  }

  #pull(): IteratorResult<T> | PromiseLike<IteratorResult<T>> {
    if (this.#isOver) return DONE as IteratorResult<T>;
    try {
      this.#puller ??= this.#open();
      const pulled = this.#puller.next();
      if (!isThenable(pulled)) return this.#checked(pulled);
      this.#isPulling = true;
      return pulled;
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  #checked(result: IteratorResult<T>): IteratorResult<T> {
    if (typeof result !== "object" || result === null) {
      this.#isOver = true;
      throw new TypeError(
        `Cannot read a source: its iterator returned no result object, but ${
          describe(result)
        }`,
      );
    }
    if (result.done) this.#isOver = true;
    return result;
  }

  #takeUnread(): IteratorResult<T> | undefined {
    const unread = this.#unread;
    this.#unread = undefined;
    if (unread === undefined) return undefined;
    if ("error" in unread) throw unread.error;
    return unread.result;
  }

  #arrived = (result: IteratorResult<T>): void => {
    const arrival = this.#arrivals.first;
    try {
      this.came(result);
    } catch (error) {
      return this.#failed(error);
    }
    if (arrival === undefined) this.#unread = { result };
    else if (arrival.isCancelled) arrival.giveUp();
    else arrival.wake(result);
  };

  #failed = (error: unknown): void => {
    const arrival = this.#arrivals.first;
    this.broke(error);
    if (arrival === undefined) this.#unread = { error };
    else if (!arrival.isCancelled) arrival.fail(error);
    else {
      if (!isCancelled(error)) this.onLateError(error);
      arrival.giveUp();
    }
  };

  /** A turn after a pull: if that is still under way, it becomes a wait. */
  #watch = (): void => {
    this.#isWatchPlanned = false;
    const scope = this.#awaitedIn;
    if (scope === undefined || this.#arrivals.size > 0) return;
    runInScope(scope, () => {
      this.#arrivals.add(new Arrival(this));
    });
    if (scope.cancelled) this.unwind(scope);
  };

  /** Nothing is under way any more. */
  #landed(): void {
    this.#isPulling = false;
    this.#stopGrace();
    if (this.#isHurried) this.hurry(); // for the code that closes it
    if (this.#quiet.size > 0) this.#quiet.wakeAll();
    if (this.#awaitedIn === undefined) return;
    this.#awaitedIn = undefined;
    this.#arrivals.first?.wakeNow(undefined);
  }

  #stopGrace(): void {
    if (this.#grace !== undefined) clearTimeout(this.#grace);
    this.#grace = undefined;
  }

  #abandon(): void {
    this.#isAbandoned = true;
    this.#quiet.wakeAll();
    const scope = this.#awaitedIn;
    if (scope === undefined) return this.#arrivals.first?.giveUp();
    this.#arrivals.first?.wakeNow(undefined);
    const message = `${this.what}: its source does not answer`;
    this.onAbandoned(scope.task, scope.error ?? new CancelledError(message));
  }

  #untilQuiet(): Promise<void> {
    return this.#quiet.add(new Quiet());
  }

  /**
   * Waits until the item under way has come. An iterator that is no generator may
   * end that only when it is closed: so it gets no more than a turn.
   */
  async #untilUnwound(): Promise<void> {
    const quiet = new Quiet();
    this.#quiet.add(quiet);
    await (this.#puller!.queues ? quiet.promise : quiet.wakeNextTurn());
  }

  /**
   * Throws what `closing` rejects with; if nothing waits for that any more, it
   * is reported.
   */
  async #untilClosed(closing: Promise<unknown>): Promise<void> {
    let failure: { error: unknown } | undefined;
    let isClosed = false;
    let isLeft = false;
    closing.catch((error) => failure = { error }).then(() => {
      isClosed = true;
      if (isLeft && failure !== undefined) this.onLateError(failure.error);
      else this.#quiet.wakeAll();
    });
    while (!isClosed && !this.#isAbandoned) {
      await this.#quiet.add(new Closing(this));
    }
    isLeft = true;
    this.#closingIn = undefined;
    if (!this.#isPulling) this.#stopGrace();
    if (failure !== undefined) throw failure.error;
  }
}
