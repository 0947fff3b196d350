/** Publishing jobs within the bound of a queue. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { streamReport } from "../reports.ts";
import type { QueueContext } from "../queue_context.ts";
import { isConflict } from "../transport/jetstream_api.ts";
import type { Backlog } from "./backlog.ts";
import type { DoneNotices } from "./done_notices.ts";
import { type JobMessage, publish } from "./job_message.ts";
import { PublishLock } from "./publish_lock.ts";

/** Pauses between two tries at a full queue, without notices, in milliseconds. */
const FIRST_PAUSE = 20, LONGEST_PAUSE = 1000;

/** Publishes jobs, and waits while the queue is full. */
export class Publisher {
  /**
   * Whether the servers have a larger bound than the queue: then this process
   * checks the bound of the queue.
   */
  softBound = false;
  readonly #context: QueueContext;
  readonly #notices: DoneNotices;
  readonly #backlog: Backlog;
  /** Held while a put tries a full queue. */
  readonly #lock = new PublishLock();

  constructor(context: QueueContext, notices: DoneNotices, backlog: Backlog) {
    this.#context = context;
    this.#notices = notices;
    this.#backlog = backlog;
  }

  /** How many wait for room. */
  get waiting(): number {
    return this.#lock.waiting + Number(this.#lock.taken);
  }

  /**
   * Whether one put at a time is made: in a cluster, where servers do not compare a
   * number reliably with that of the last message.
   */
  get #isSerial(): boolean {
    return this.softBound && this.#context.connection.clustered;
  }

  /** Whether a job may be published at once: nothing is known of a full queue. */
  get isFree(): boolean {
    return !this.softBound && !this.#lock.taken;
  }

  /**
   * Publishes a job.
   *
   * @param id The id of the message, if the queue may have one of it only.
   * @returns The number in the stream; 0 if the id is there already.
   */
  async put(
    message: JobMessage,
    id: string | undefined,
    options?: WaitOptions,
  ): Promise<number> {
    if (!this.#lock.taken && !this.#isSerial) {
      const seq = await this.#publish(message, options);
      if (seq !== undefined) return seq;
    }
    if (!await this.#lock.enter(id, options)) return 0;
    let put: string | undefined;
    try {
      const seq = await this.#publishWhenThereIsRoom(message, options);
      put = id;
      return seq;
    } finally {
      this.#lock.leave(put);
    }
  }

  async #publishWhenThereIsRoom(
    message: JobMessage,
    options?: WaitOptions,
  ): Promise<number> {
    let pause = FIRST_PAUSE;
    for (let count = this.#notices.count;; count = this.#notices.count) {
      const seq = await this.#publish(message, options);
      if (seq !== undefined) return seq;
      await this.#notices.wait(count, pause, options);
      // Without notices, jobs may be left that no server hands out.
      if (this.#notices.count === count) await this.#backlog.count(options);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  /** Resolves to `undefined` if there is no room. */
  #publish(
    message: JobMessage,
    options: WaitOptions | undefined,
  ): Promise<number | undefined> {
    return this.softBound
      ? this.#publishWithinBound(message, options)
      : publish(this.#context, message, options);
  }

  /**
   * Looks for room, and publishes only if the last message is still the same, so
   * that no other job has taken the room. In a cluster, each process may exceed the
   * bound by one job.
   */
  async #publishWithinBound(
    message: JobMessage,
    options: WaitOptions | undefined,
  ): Promise<number | undefined> {
    const { connection, subjects, settings } = this.#context;
    for (;;) {
      const { state } = await streamReport(connection, subjects.jobs, options);
      if (state.messages >= settings.maxSize) return undefined;
      if (this.#isSerial) return await publish(this.#context, message, options);
      const last = { "Nats-Expected-Last-Sequence": String(state.last_seq) };
      const headers = { ...message.headers, ...last };
      try {
        return await publish(this.#context, { ...message, headers }, options);
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  close(error: unknown): void {
    this.#lock.close(error);
  }
}
