/** @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import type { QueueContext } from "../queue_context.ts";
import type { StreamReply } from "../provision.ts";
import { api, isConflict } from "../transport/jetstream_api.ts";
import type { Backlog } from "./backlog.ts";
import type { DoneNotices } from "./done_notices.ts";
import { type JobMessage, publish } from "./job_message.ts";
import { PublishLock } from "./publish_lock.ts";

/** While the queue is full, and there are no notices, it is tried that often. */
const FIRST_PAUSE = 20, LONGEST_PAUSE = 1000;

/** The publisher of a queue: it waits while there is no room. */
export class Publisher {
  /**
   * Whether the servers keep a larger bound than the queue has: then the queue's
   * own is kept here.
   */
  softBound = false;
  readonly #context: QueueContext;
  readonly #notices: DoneNotices;
  readonly #backlog: Backlog;
  /** While the queue is full, one after the other. */
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
   * Puts a job.
   *
   * @param id Its id, if it may be there only once.
   * @returns Its number in the stream; 0 if it is there already.
   */
  async put(
    message: JobMessage,
    id: string | undefined,
    options?: WaitOptions,
  ): Promise<number> {
    if (!this.#lock.taken) {
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
    for (let heard = this.#notices.heard;; heard = this.#notices.heard) {
      const seq = await this.#publish(message, options);
      if (seq !== undefined) return seq;
      await this.#notices.wait(heard, pause, options);
      // Without notices, it may be that no worker takes what fills the queue.
      if (this.#notices.heard === heard) await this.#backlog.count(options);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  /** `undefined` if there is no room. */
  #publish(
    message: JobMessage,
    options: WaitOptions | undefined,
  ): Promise<number | undefined> {
    return this.softBound
      ? this.#publishWithinBound(message, options)
      : publish(this.#context, message, options);
  }

  /**
   * Looks for room, and publishes only if no other job has come since: the number
   * of the last one says so.
   */
  async #publishWithinBound(
    message: JobMessage,
    options: WaitOptions | undefined,
  ): Promise<number | undefined> {
    const { connection, subjects, settings } = this.#context;
    for (;;) {
      const info = `STREAM.INFO.${subjects.jobs}`;
      const { state } = await api<StreamReply>(
        connection,
        info,
        undefined,
        options,
      );
      if (state.messages >= settings.maxSize) return undefined;
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
