/** @module */
import type { WaitOptions } from "../../tasks/types.ts";
import { Gate } from "./_gate.ts";
import type { Link } from "./_link.ts";
import type { Names } from "./_names.ts";
import type { News } from "./_news.ts";
import { type Parcel, store } from "./_parcel.ts";
import type { Stock } from "./_stock.ts";

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

  #stored(
    parcel: Parcel,
    options: WaitOptions | undefined,
  ): Promise<boolean> {
    return store(this.#link, this.#names, parcel, options);
  }
}
