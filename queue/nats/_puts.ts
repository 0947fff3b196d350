/** @module */
import type { WaitOptions } from "../../tasks/types.ts";
import { answered, api, ApiError, type ApiReply, code } from "./_api.ts";
import { Gate } from "./_gate.ts";
import type { Link } from "./_link.ts";
import type { Names } from "./_names.ts";
import type { News } from "./_news.ts";
import type { Stock } from "./_stock.ts";

/** A job as it goes to the servers. */
export interface Parcel {
  readonly data: Uint8Array;
  readonly headers: Record<string, string>;
}

/** While the queue is full, and there is no news, it is tried that often. */
const FIRST_PAUSE = 20, LONGEST_PAUSE = 1000;

/** Puts jobs on the servers, and waits while there is no room. */
export class Puts {
  readonly #link: Link;
  readonly #names: Names;
  readonly #news: News;
  readonly #stock: Stock;
  /** While the queue is full, one after the other. */
  readonly #gate = new Gate();

  constructor(link: Link, names: Names, news: News, stock: Stock) {
    this.#link = link;
    this.#names = names;
    this.#news = news;
    this.#stock = stock;
  }

  /** How many wait for room. */
  get waiting(): number {
    return this.#gate.waiting + Number(this.#gate.taken);
  }

  async put(parcel: Parcel, options?: WaitOptions): Promise<void> {
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

  /**
   * Puts it on the servers, however often the connection is lost: the servers
   * know its id. False where the queue is full.
   */
  async #stored(
    { data, headers }: Parcel,
    options: WaitOptions | undefined,
  ): Promise<boolean> {
    const { todo, jobs } = this.#names;
    const asking = {
      headers,
      signal: options?.signal,
      absent: async () => { // is it there at all?
        await api(this.#link, `STREAM.INFO.${jobs}`, undefined, options);
      },
    };
    try {
      await answered(
        "to take a job",
        async () => (await this.#link.ask(todo, data, asking)).json<ApiReply>(),
        (ms) => this.#link.pause(ms, options),
      );
      return true;
    } catch (error) {
      if (isFull(error)) return false;
      throw error;
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof ApiError && error.code === code.storeFailed &&
    error.message.includes("maximum messages");
}
