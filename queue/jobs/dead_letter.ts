/** @module */
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import type { DeadLetter } from "./jobs.ts";

/** The data of a dead letter. */
export interface DeadJob {
  readonly id: string;
  readonly data: Uint8Array;
  readonly attempts: number;
  readonly reason: string;
  readonly date: Date;
}

/** What the methods of a dead letter do. */
export interface DeadLetterActions {
  requeue(options?: WaitOptions): Promise<void>;
  drop(options?: WaitOptions): Promise<void>;
}

/** A dead letter, of any kind of queue. */
export class DeadLetterEntry<T> implements DeadLetter<T> {
  readonly value: T | undefined;
  readonly data: Uint8Array;
  readonly id: string;
  readonly attempts: number;
  readonly reason: string;
  readonly date: Date;
  readonly #actions: DeadLetterActions;

  constructor(
    dead: DeadJob,
    value: T | undefined,
    actions: DeadLetterActions,
  ) {
    // The caller's own: what is put back is not changed with them.
    this.data = new Uint8Array(dead.data);
    this.date = new Date(dead.date);
    this.id = dead.id;
    this.attempts = dead.attempts;
    this.reason = dead.reason;
    this.value = value;
    this.#actions = actions;
  }

  requeue(options?: WaitOptions): Promise<void> {
    return this.#actions.requeue(options);
  }

  drop(options?: WaitOptions): Promise<void> {
    return this.#actions.drop(options);
  }

  static {
    printable(
      DeadLetterEntry,
      ({ id, attempts, reason }) => ({ id, attempts, reason }),
    );
  }
}
