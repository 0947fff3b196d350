/** @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../../../tasks/kernel/wait/wait_queue.ts";
import { moveOnAfter } from "../../../tasks/timeout.ts";
import type { Outcome } from "../../jobs/results.ts";
import type { QueueContext } from "../queue_context.ts";

/** For so long a process remembers that others wait, in milliseconds. */
const MEMORY = 3000;

/** A process that waits says so that often, in milliseconds. */
const REMINDER = 1000;

/** A job that was finished. */
export interface Finished {
  readonly id: string;
  readonly outcome: Outcome;
}

/**
 * Notices that a job was finished, for those who wait for room, for the end, or
 * for a result. They are sent only while a process waits, and may get lost: who
 * waits also looks for itself now and then.
 */
export class DoneNotices {
  readonly #context: QueueContext;
  readonly #waiting = new WaitQueue<void>("Jobs");
  readonly #results = new Map<string, WaitQueue<Outcome>>();
  #listenedTo = -Infinity;
  #reminded = -Infinity;
  #heard = 0;

  constructor(context: QueueContext) {
    this.#context = context;
    const { connection, subjects, clock } = context;
    connection.subscribe(subjects.watching, () => {
      this.#listenedTo = clock.now() + MEMORY;
    });
    connection.subscribe(subjects.news, (message) => {
      this.#heard++;
      this.#waiting.wakeAll();
      if (this.#results.size > 0) this.#finished(message.json<Finished>());
    });
  }

  #finished({ id, outcome }: Finished): void {
    const line = this.#results.get(id);
    if (line === undefined) return;
    this.#results.delete(id);
    line.wakeAll(outcome);
  }

  /** How many there were: to be given to `wait`. */
  get heard(): number {
    return this.#heard;
  }

  /** Tells those who wait that a job was finished. */
  tell(id: string, outcome: Outcome): void {
    const { connection, subjects, clock } = this.#context;
    if (this.#listenedTo === -Infinity || clock.now() > this.#listenedTo) {
      return;
    }
    connection.publish(subjects.news, JSON.stringify({ id, outcome }));
  }

  /** Says that this process waits. */
  #remind(): void {
    const { connection, subjects, clock } = this.#context;
    const now = clock.now();
    if (now - this.#reminded <= REMINDER) return;
    this.#reminded = now;
    connection.publish(subjects.watching);
  }

  /** Waits for a notice since `heard`, or `ms` milliseconds. */
  async wait(heard: number, ms: number, options?: WaitOptions): Promise<void> {
    this.#remind();
    if (this.#heard > heard) return;
    await moveOnAfter(
      ms,
      () => checkpointIfCancelled(options) ?? this.#waiting.wait(options),
    );
  }

  /** Waits for the outcome of a job, for `ms` milliseconds. */
  async waitFor(
    id: string,
    ms: number,
    options?: WaitOptions,
  ): Promise<Outcome | undefined> {
    this.#remind();
    let line = this.#results.get(id);
    if (line === undefined) {
      line = new WaitQueue<Outcome>("Jobs.result");
      this.#results.set(id, line);
    }
    const wait = line;
    try {
      return await moveOnAfter(
        ms,
        () => checkpointIfCancelled(options) ?? wait.wait(options),
      );
    } finally {
      if (line.size === 0 && this.#results.get(id) === line) {
        this.#results.delete(id);
      }
    }
  }

  close(error: unknown): void {
    this.#waiting.failAll(error);
    for (const line of this.#results.values()) line.failAll(error);
  }
}
