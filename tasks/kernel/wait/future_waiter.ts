/** @module */
import { quoted } from "../watch/safe_text.ts";
import { type CancelledError, forwarded, isCancelled } from "../errors.ts";
import type { Completion, Listener, Source } from "./completion.ts";
import { Waiter } from "./waiter.ts";

/**
 * A wait for a future. Cancelling it cancels the future, and the wait ends when
 * that does: with the cancel, or, where the future got through in spite of it,
 * with what came of it; the cancel is then delivered at the next wait.
 */
export class FutureWaiter<T> extends Waiter<T> implements Listener {
  readonly #completion: Completion<T>;
  #forwarded: CancelledError | undefined = undefined;
  /**
   * The promise made by `then`, which may have no handler after a cancel.
   */
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

  /** `Future.then` has put a promise in between. */
  override get lag(): number {
    return 2;
  }

  /** The future that it waits for ends first. */
  override get endsAtOnce(): boolean {
    return false;
  }

  /** What it waits for. */
  get source(): Source {
    return this.#completion.source;
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
        if (isCancelled(completion.error)) this.#quiet(); // as of a gather
        this.failInOrder(completion.error);
        break;
      default: {
        const error = this.#forwarded ?? completion.error as CancelledError;
        this.scope.delivered(error);
        this.#abandon(error);
      }
    }
  }

  override cancel(error: CancelledError): boolean {
    this.#forwarded = error;
    if (!this.#forward(error.message)) this.#abandon(error);
    return !this.pending;
  }

  override detach(): void {
    super.detach();
    this.detachHanded();
  }

  detachHanded(): void {
    this.#completion.source.detachWait?.();
  }

  override isBehind(promise: unknown): boolean {
    return promise === this.derived || super.isBehind(promise);
  }

  /** As a cancel: it goes to the future, and the wait ends with that. */
  override abandon(error: CancelledError): void {
    this.#forwarded = error;
    this.#quiet();
    if (!this.#forward(error.message)) super.abort(error);
  }

  override abort(reason: unknown): void {
    this.#quiet();
    super.abort(reason);
  }

  protected override leave(): void {
    this.#completion.unlisten(this);
  }

  /** Cancels the future; false if it has ended. */
  #forward(message: string): boolean {
    forwarded.depth++;
    try {
      return this.#completion.source.cancel(message);
    } finally {
      forwarded.depth--;
    }
  }

  #abandon(error: CancelledError): void {
    this.#quiet();
    super.cancel(error);
  }

  #quiet(): void {
    this.derived?.then(undefined, () => {});
  }
}
