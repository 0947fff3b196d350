/** @module */
import type { HandedWait, Inner } from "../cancel/scoped_wait.ts";
import { quoted } from "../watch/safe_text.ts";
import { type CancelledError, forwarded, isCancelled } from "../errors.ts";
import { type Completion, handCancelOn, type Listener } from "./completion.ts";
import { Waiter } from "./waiter.ts";

/**
 * A wait for a future. Cancelling the wait cancels the future, and the wait
 * ends when the future does. If the future ends cancelled, the wait rejects
 * with the cancel. Otherwise the wait settles as the future, and the cancel is
 * delivered at the next wait.
 */
export class FutureWaiter<T> extends Waiter<T> implements Listener {
  readonly #completion: Completion<T>;
  #forwarded: CancelledError | undefined = undefined;
  /** The promise that `Future.then` has returned. */
  derived: Promise<unknown> | undefined = undefined;

  constructor(completion: Completion<T>) {
    super();
    this.#completion = completion;
    completion.listen(this);
  }

  get what(): string {
    const { source } = this.#completion;
    return source.name === undefined
      ? source.what ?? source.constructor.name
      : `task ${quoted(source.name)}`;
  }

  /** One microtask more than for other waits: `Future.then` adds a promise. */
  override get lag(): number {
    return 2;
  }

  /** The future that it waits for ends first. */
  override get endsAtOnce(): boolean {
    return false;
  }

  get inner(): Inner | undefined {
    const { wait } = this.#completion.source;
    return wait === undefined ? undefined : { wait };
  }

  get awaiter(): object | undefined {
    return this.scope.task;
  }

  settled(completion: Completion<unknown>): void {
    switch (completion.state) {
      case "done":
        this.wakeInOrder(completion.value as T);
        break;
      case "failed":
        // A gather may fail with a cancel.
        if (isCancelled(completion.error)) this.#ignoreRejection();
        this.failInOrder(completion.error);
        break;
      default: {
        const error = this.#forwarded ?? completion.error as CancelledError;
        this.delivered(error);
        this.#endCancelled(error);
      }
    }
  }

  override cancel(error: CancelledError): boolean {
    this.#forwarded = error;
    if (!this.#forward(error.message)) this.#endCancelled(error);
    return !this.pending;
  }

  override detach(): void {
    super.detach();
    this.detachHanded();
  }

  detachHanded(): void {
    this.#completion.source.detachWait?.();
  }

  override behind(promise: unknown): HandedWait | undefined {
    return promise === this.derived ? this : super.behind(promise);
  }

  /** Cancels the future: the wait ends when that does. */
  override abandon(error: CancelledError): void {
    this.#forwarded = error;
    this.#ignoreRejection();
    if (!this.#forward(error.message)) super.abort(error);
  }

  override abort(reason: unknown): void {
    this.#ignoreRejection();
    super.abort(reason);
  }

  protected override leave(): void {
    this.#completion.unlisten(this);
  }

  /** Cancels the future. Returns false if the future has ended. */
  #forward(message: string): boolean {
    forwarded.depth++;
    try {
      return handCancelOn(this.#completion.source, message);
    } finally {
      forwarded.depth--;
    }
  }

  #endCancelled(error: CancelledError): void {
    this.#ignoreRejection();
    super.cancel(error);
  }

  /** After a cancel, perhaps no code awaits the promise. */
  #ignoreRejection(): void {
    this.derived?.then(undefined, () => {});
  }
}
