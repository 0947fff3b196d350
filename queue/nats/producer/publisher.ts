/** @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { PublishLock } from "./publish_lock.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";
import type { Subjects } from "../_subjects.ts";
import type { DoneNotices } from "./done_notices.ts";
import { type JobMessage, store } from "./publish.ts";
import type { Backlog } from "./backlog.ts";

/** While the queue is full, and there is no news, it is tried that often. */
const FIRST_PAUSE = 20, LONGEST_PAUSE = 1000;

/** Puts jobs on the servers, and waits while there is no room. */
export class Publisher {
  readonly #link: ReconnectingConnection;
  readonly #names: Subjects;
  readonly #news: DoneNotices;
  readonly #stock: Backlog;
  /** While the queue is full, one after the other. */
  readonly #gate = new PublishLock();

  constructor(
    link: ReconnectingConnection,
    names: Subjects,
    news: DoneNotices,
    stock: Backlog,
  ) {
    this.#link = link;
    this.#names = names;
    this.#news = news;
    this.#stock = stock;
  }

  /** How many wait for room. */
  get waiting(): number {
    return this.#gate.waiting + Number(this.#gate.taken);
  }

  async put(parcel: JobMessage, options?: WaitOptions): Promise<void> {
    if (!this.#gate.taken && await this.#stored(parcel, options)) return;
    await this.#gate.enter(options);
    try {
      let pause = FIRST_PAUSE;
      for (let heard = this.#news.heard;; heard = this.#news.heard) {
        if (await this.#stored(parcel, options)) return;
        await this.#news.wait(heard, pause, options);
        // Without news, nobody may work on what fills it.
        if (this.#news.heard === heard) await this.#stock.count(options);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    } finally {
      this.#gate.leave();
    }
  }

  close(error: unknown): void {
    this.#gate.close(error);
  }

  #stored(
    parcel: JobMessage,
    options: WaitOptions | undefined,
  ): Promise<boolean> {
    return store(this.#link, this.#names, parcel, options);
  }
}
