/**
 * The end of something: the state machine inside every future, as the kernel
 * sees it.
 *
 * @module
 */
import { cancellation, CancelledError, InvalidStateError } from "../errors.ts";
import type { HandedWait } from "../cancel/scoped_wait.ts";
import type { Loop } from "../loop/loop.ts";
import { added, listOf, removed, type SmallSet } from "../small_set.ts";
import {
  forgetUnretrieved,
  noteUnretrieved,
  type Unretrieved,
} from "./unretrieved.ts";

export type State = "pending" | "done" | "failed" | "cancelled";

/** Called at the end, synchronously and in order: it may call no user code. */
export interface Listener {
  /** The future or task that waits for the end: for call graphs. */
  readonly awaiter?: object | undefined;
  settled(completion: Completion<unknown>): void;
}

/** The future that has this completion. */
export interface Source {
  cancel(message?: string): boolean;
  /** Does so a little later, if what it follows may have settled already. */
  cancelUnlessSettled?(message: string | undefined): boolean;
  /** The name, if it is a task. */
  readonly name?: string;
  /** What waiting for it is called, unless it is a task. */
  readonly what?: string;
  /** The wait that was handed over to it, if it follows one. */
  readonly wait?: HandedWait | undefined;
  /** Takes the waits that were handed over to it out of their task. */
  detachWait?(): void;
}

/**
 * Hands the cancel of a wait on to the future that it waits for. Returns false if
 * that has ended.
 */
export function handCancelOn(
  source: Source,
  message: string | undefined,
): boolean {
  return source.cancelUnlessSettled?.(message) ?? source.cancel(message);
}

/** The completion of a future. */
export let completionOf!: <T>(future: PromiseLike<T>) => Completion<T>;

/** Called by the class of futures: it alone sees into them. */
export function setCompletionOf(look: typeof completionOf): void {
  completionOf = look;
}

export class Completion<T> {
  readonly loop: Loop;
  readonly source: Source;
  state: State = "pending";
  /**
   * The value or the error. After a cancel: its message, until the error is
   * asked for.
   */
  #outcome: unknown = undefined;
  #listeners: SmallSet<Listener> = undefined;
  /**
   * The report of an error that was not retrieved; null once it was retrieved.
   */
  #unretrieved: Unretrieved | null | undefined = undefined;

  constructor(loop: Loop, source: Source) {
    this.loop = loop;
    this.source = source;
  }

  succeed(value: T): void {
    Completion.#settle(this, "done", value);
  }

  fail(error: unknown): void {
    Completion.#settle(this, "failed", error);
  }

  cancel(error: CancelledError | string | undefined): void {
    Completion.#settle(this, "cancelled", error);
  }

  /** The value, if the state is `"done"`. */
  get value(): T {
    return this.#outcome as T;
  }

  /**
   * The value or the error. Reading it does not count as retrieving the error.
   */
  get outcome(): unknown {
    return this.#outcome;
  }

  /** The error or the cancel. Reading it counts as retrieving the error. */
  get error(): unknown {
    if (this.#unretrieved) forgetUnretrieved(this.#unretrieved);
    this.#unretrieved = null;
    if (this.state !== "cancelled") return this.#outcome;
    if (!(this.#outcome instanceof CancelledError)) {
      const message = this.#outcome as string | undefined;
      this.#outcome = cancellation(this.loop, message);
    }
    return this.#outcome;
  }

  /** Calls `listener` at the end: at once if it has ended. */
  listen(listener: Listener): void {
    if (this.state !== "pending") listener.settled(this);
    else this.#listeners = added(this.#listeners, listener);
  }

  unlisten(listener: Listener): void {
    this.#listeners = removed(this.#listeners, listener);
  }

  get listeners(): Listener[] {
    return listOf(this.#listeners);
  }

  /** Throws unless the state is `"pending"`. */
  checkPending(): void {
    if (this.state === "pending") return;
    throw new InvalidStateError(
      `Cannot settle a future: it is ${this.state} already`,
    );
  }

  /** Static, as a private method takes a field of each object. */
  static #settle(
    completion: Completion<unknown>,
    state: State,
    outcome: unknown,
  ): void {
    completion.state = state;
    completion.#outcome = outcome;
    const listeners = completion.#listeners;
    if (listeners instanceof Set) {
      // A listener may remove another one, which is then not called.
      for (const listener of listeners) listener.settled(completion);
    } else if (listeners !== undefined) {
      listeners.settled(completion);
    }
    completion.#listeners = undefined;
    if (
      state !== "failed" || completion.#unretrieved === null ||
      outcome instanceof CancelledError
    ) return;
    const { loop, source } = completion;
    completion.#unretrieved = noteUnretrieved(
      loop,
      source,
      outcome,
      source.name,
    );
  }
}
