/** @module */
import { clearTimeout, setTimeout } from "node:timers";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { Deadline } from "../../tasks/kernel/loop/deadline.ts";
import { type CancelledError, isCancelled } from "../../tasks/kernel/errors.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { CancelScope } from "../../tasks/kernel/cancel/cancel_scope.ts";
import { describe, isThenable } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { ShieldedWaiter, Waiter } from "../../tasks/kernel/wait/waiter.ts";
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

/**
 * The wait for an item. The source's own code was called in the same scope, so
 * a cancel reaches its waits as well: this one ends when that code has unwound.
 */
class Arrival<T> extends Waiter<IteratorResult<T> | undefined> {
  readonly #source: Source<T>;
  #deadline: Deadline | undefined;
  #cancel: CancelledError | undefined = undefined;

  constructor(arrivals: Arrivals<T>, source: Source<T>) {
    super(arrivals);
    this.#source = source;
  }

  /** Wakes it with nothing at a time. */
  wakeAt(when: number): void {
    const { scheduler } = this.scope;
    const reached = () => this.wakeNow(undefined);
    this.#deadline = new Deadline(scheduler, when, reached);
  }

  get isCancelled(): boolean {
    return this.#cancel !== undefined;
  }

  /** False: if nothing of the source has noticed, its next wait throws. */
  override cancel(error: CancelledError): boolean {
    this.#cancel = error;
    this.#deadline?.stop();
    this.#source.unwind(this.scope);
    return false;
  }

  /** Rejects with the cancel. */
  giveUp(): void {
    this.scope.delivered(this.#cancel!);
    super.cancel(this.#cancel!);
  }

  protected override leave(): void {
    super.leave();
    this.#deadline?.stop();
  }
}

type Arrivals<T> = WaitQueue<IteratorResult<T> | undefined, Arrival<T>>;

/** A wait of those who see to it that a source ends. */
class Quiet extends ShieldedWaiter<void> {}

/** A source, as those see it who see to it that it ends. */
export interface Upstream {
  /** Whether there is something to close, or to report. */
  readonly isOpen: boolean;
  /** Is called with errors that nothing waits for. */
  onLateError: (error: unknown) => void;
  /** Waits in a task that has been cancelled until nothing is under way. */
  settle(): Promise<void>;
  /** Closes it: in a task of its own, which nothing has cancelled. */
  close(): Promise<void>;
}

/**
 * What an operator reads: one item at a time, and only when asked. Its code
 * runs in the task that asks, so a cancel of that reaches what it waits for.
 */
export class Source<T> implements Upstream {
  readonly what: string;
  onLateError: (error: unknown) => void = () => {};
  readonly #open: () => Puller<T>;
  #puller: Puller<T> | undefined = undefined;
  /** Whether it has ended, failed or been closed, and is to be left alone. */
  #isOver = false;
  #isPulling = false;
  #isClosing = false;
  #isAbandoned = false;
  /** The wait for the next item: one at most. */
  readonly #arrivals: Arrivals<T>;
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
   * The next item: at once, or as a wait. To be called when nothing is under
   * way.
   *
   * @throws What the source throws: it has ended then.
   */
  pull(): IteratorResult<T> | Promise<IteratorResult<T>> {
    return checkpointIfCancelled() ?? this.#start() ??
      this.#wait(Infinity) as Promise<IteratorResult<T>>;
  }

  /**
   * The next item; `undefined` if it has not come `until` then, on the loop's
   * clock: it stays under way, for the next call.
   */
  next(): Promise<IteratorResult<T>>;
  next(until: number): Promise<IteratorResult<T> | undefined>;
  next(until = Infinity): Promise<IteratorResult<T> | undefined> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    try {
      const result = this.#takeUnread() ??
        (this.#isPulling ? undefined : this.#start());
      if (result !== undefined) return ready(result);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#wait(until);
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
    // No cancel of this task is to reach what it waits for.
    const closing = detached(async () => await this.#puller!.return());
    await this.#untilClosed(closing);
  }

  /** Begins to pull; gives what is there at once. */
  #start(): IteratorResult<T> | undefined {
    if (this.#isOver) return DONE as IteratorResult<T>;
    try {
      this.#puller ??= this.#open();
      const result = this.#puller.next();
      if (!isThenable(result)) return this.#checked(result);
      this.#isPulling = true;
      Promise.resolve(result).then(this.#came, this.#broke);
      return undefined;
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  #checked(result: IteratorResult<T>): IteratorResult<T> {
    if (typeof result !== "object" || result === null) {
      throw new TypeError(
        `Cannot read a source: its iterator returned no result object, but ${
          describe(result)
        }`,
      );
    }
    if (result.done) this.#isOver = true;
    return result;
  }

  #wait(until: number): Promise<IteratorResult<T> | undefined> {
    const arrival = new Arrival(this.#arrivals, this);
    if (until !== Infinity) arrival.wakeAt(until);
    return this.#arrivals.add(arrival);
  }

  #takeUnread(): IteratorResult<T> | undefined {
    const unread = this.#unread;
    this.#unread = undefined;
    if (unread === undefined) return undefined;
    if ("error" in unread) throw unread.error;
    return unread.result;
  }

  #came = (result: IteratorResult<T>): void => {
    try {
      this.#checked(result);
    } catch (error) {
      return this.#broke(error);
    }
    const arrival = this.#landed();
    if (arrival === undefined) this.#unread = { result };
    else if (arrival.isCancelled) arrival.giveUp();
    else arrival.wake(result);
  };

  #broke = (error: unknown): void => {
    // One that was cancelled can still be closed.
    this.#isOver ||= !isCancelled(error);
    const arrival = this.#landed();
    if (arrival === undefined) this.#unread = { error };
    else if (!arrival.isCancelled) arrival.fail(error);
    else {
      if (!isCancelled(error)) this.onLateError(error);
      arrival.giveUp();
    }
  };

  /** Nothing is under way any more. */
  #landed(): Arrival<T> | undefined {
    this.#isPulling = false;
    if (this.#grace !== undefined) clearTimeout(this.#grace);
    if (this.#quiet.size > 0) this.#quiet.wakeAll();
    return this.#arrivals.first;
  }

  #abandon(): void {
    this.#isAbandoned = true;
    this.#arrivals.first?.giveUp();
    this.#quiet.wakeAll();
  }

  #untilQuiet(): Promise<void> {
    return this.#quiet.add(new Quiet(this.#quiet));
  }

  /**
   * Others than generators may wait to be closed, and then end what is under
   * way.
   */
  async #untilUnwound(): Promise<void> {
    const quiet = new Quiet(this.#quiet);
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
    while (!isClosed && !this.#isAbandoned) await this.#untilQuiet();
    isLeft = true;
    if (failure !== undefined) throw failure.error;
  }
}

/** Whether code waits in `scope` for something of this package. */
function isUnwinding(scope: CancelScope): boolean {
  return scope.waits.some((wait) =>
    !(wait instanceof Arrival) && !(wait instanceof Quiet)
  );
}
