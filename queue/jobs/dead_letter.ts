/** @module */
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import type { Codec } from "./codec.ts";
import type { DeadLetter } from "./jobs.ts";

/** What is known of a job that was given up. */
export interface DeadJob {
  readonly id: string;
  readonly data: Uint8Array;
  readonly attempts: number;
  readonly reason: string;
  readonly date: Date;
}

/** Where a dead letter lies. */
export interface DeadLetterActions {
  requeue(options?: WaitOptions): Promise<void>;
  drop(options?: WaitOptions): Promise<void>;
}

/** A dead letter of any queue. */
export class DeadLetterEntry<T> implements DeadLetter<T> {
  readonly value: T | undefined;
  readonly data: Uint8Array;
  readonly id: string;
  readonly attempts: number;
  readonly reason: string;
  readonly date: Date;
  readonly #box: DeadLetterActions;

  constructor(remains: DeadJob, codec: Codec<T>, box: DeadLetterActions) {
    this.id = remains.id;
    this.data = remains.data;
    this.attempts = remains.attempts;
    this.reason = remains.reason;
    this.date = remains.date;
    this.value = decoded(codec, remains.data);
    this.#box = box;
  }

  requeue(options?: WaitOptions): Promise<void> {
    return this.#box.requeue(options);
  }

  drop(options?: WaitOptions): Promise<void> {
    return this.#box.drop(options);
  }

  static {
    printable(
      DeadLetterEntry,
      ({ id, attempts, reason }) => ({ id, attempts, reason }),
    );
  }
}

function decoded<T>(codec: Codec<T>, data: Uint8Array): T | undefined {
  try {
    return codec.decode(data);
  } catch {
    return undefined; // which may be why it was given up
  }
}
