/** Notices that a job is finished. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../../../tasks/kernel/wait/wait_queue.ts";
import { moveOnAfter } from "../../../tasks/timeout.ts";
import type { Outcome } from "../../jobs/results.ts";
import type { QueueContext } from "../queue_context.ts";
import { isOutcome } from "../shared/kept_results.ts";
import { objectIn } from "../transport/json.ts";

/** How long notices are sent after a reminder, in milliseconds. */
const MEMORY = 3000;

/** How often a process that waits sends a reminder, in milliseconds. */
const REMINDER = 1000;

/** A finished job. */
interface Finished {
  readonly id: string;
  readonly outcome: Outcome;
}

/**
 * Notices that a job is finished, for calls that wait for room, for the end of all
 * jobs, or for a result. They are sent only while a process waits, and may get
 * lost: calls that wait also ask the servers now and then.
 */
export class DoneNotices {
  readonly #context: QueueContext;
  readonly #waiting = new WaitQueue<void>("Jobs");
  readonly #results = new Map<string, WaitQueue<Outcome>>();
  #listenedTo = -Infinity;
  #reminded = -Infinity;
  #count = 0;

  constructor(context: QueueContext) {
    this.#context = context;
    const { connection, subjects, clock } = context;
    connection.subscribe(subjects.watching, () => {
      this.#listenedTo = clock.now() + MEMORY;
    });
    connection.subscribe(subjects.news, (message) => {
      this.#count++;
      this.#waiting.wakeAll();
      if (this.#results.size === 0) return;
      const { id, outcome } = objectIn(message);
      if (typeof id !== "string" || !isOutcome(outcome)) return;
      this.#finished({ id, outcome });
    });
  }

  #finished({ id, outcome }: Finished): void {
    const line = this.#results.get(id);
    if (line === undefined) return;
    this.#results.delete(id);
    line.wakeAll(outcome);
  }

  /** How many notices have come: the argument of `wait`. */
  get count(): number {
    return this.#count;
  }

  /** Sends the notice that a job is finished, if a process waits. */
  notify(id: string, outcome: Outcome): void {
    const { connection, subjects, clock } = this.#context;
    if (this.#listenedTo === -Infinity || clock.now() > this.#listenedTo) {
      return;
    }
    connection.publish(subjects.news, JSON.stringify({ id, outcome }));
  }

  /** Lets the other processes know that this one waits. */
  #remind(): void {
    const { connection, subjects, clock } = this.#context;
    const now = clock.now();
    if (now - this.#reminded <= REMINDER) return;
    this.#reminded = now;
    connection.publish(subjects.watching);
  }

  /** Waits until more than `count` notices have come, at most `ms` milliseconds. */
  async wait(count: number, ms: number, options?: WaitOptions): Promise<void> {
    this.#remind();
    if (this.#count > count) return;
    await moveOnAfter(
      ms,
      () => checkpointIfCancelled(options) ?? this.#waiting.wait(options),
    );
  }

  /** Waits for the outcome of a job, at most `ms` milliseconds. */
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
