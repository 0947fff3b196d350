/** A program, as its pages see it. @module */
import type { Connection } from "../client/connection.ts";
import { describeBusy, MonitorError } from "../client/connection.ts";
import { Rates, type Sample } from "../client/rates.ts";
import { safe } from "../../kernel/watch/safe_text.ts";
import type { Watched } from "../protocol.ts";
import { type View, viewOf, type ViewOptions } from "./view.ts";

/** A page that asks sooner gets the same sample. */
const MIN_AGE_MS = 400;
/** So many tasks are followed. */
const MAX_FOLLOWED = 400;
/** After the end pages have so long to hear of it. */
const FAREWELL_MS = 3000;

/** What a page gets. */
export interface PageState {
  /** Nothing, before the first sample. */
  readonly view?: View;
  /** Why the loop does not answer. */
  readonly busy?: string;
  /** Why nothing more comes. */
  readonly ended?: string;
}

/** Takes one sample at a time, however many pages look. */
export class ProgramView {
  /** Resolves when the program has ended, and the pages know. */
  readonly ended: Promise<void>;
  readonly #program: Connection;
  readonly #rates = new Rates();
  readonly #follow = new Set<number>();
  #sample: Sample | undefined = undefined;
  #taken = -Infinity;
  #current: Promise<void> | undefined = undefined;
  #busy: string | undefined = undefined;
  /** Called when it turns out that the loop is busy. */
  #onBusy = Promise.withResolvers<void>();
  #end: string | undefined = undefined;
  #farewell: ReturnType<typeof setTimeout> | undefined;
  readonly #close: () => void;

  constructor(program: Connection) {
    this.#program = program;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#close = resolve;
    program.ended.then(() => {
      this.#farewell = setTimeout(this.#close, FAREWELL_MS);
    });
  }

  /** What there is to see; while the loop is busy, what there was. */
  async look(options: ViewOptions): Promise<PageState> {
    if (performance.now() - this.#taken > MIN_AGE_MS) {
      this.#current ??= this.#take().finally(() => this.#current = undefined);
      await Promise.race([this.#current, this.#onBusy.promise]);
    }
    if (this.#end !== undefined) this.#close();
    const view = this.#sample && viewOf(this.#sample, options);
    const shown = view?.rows.map(({ task }) => task?.id) ?? [];
    for (const id of shown) {
      if (id !== undefined && this.#follow.size < MAX_FOLLOWED) {
        this.#follow.add(id);
      }
    }
    return {
      ...view && { view },
      ...this.#busy !== undefined && { busy: this.#busy },
      ...this.#end !== undefined && { ended: this.#end },
    };
  }

  async #take(): Promise<void> {
    const follow = [...this.#follow];
    this.#follow.clear();
    try {
      const watched = await this.#program.request<Watched>(
        { op: "watch", follow },
        (busy) => {
          this.#busy = safe(describeBusy(busy));
          this.#onBusy.resolve();
        },
      );
      this.#sample = this.#rates.next(watched);
      this.#taken = performance.now();
    } catch (error) {
      if (!(error instanceof MonitorError)) throw error;
      this.#end = safe(error.message);
    } finally {
      if (this.#busy !== undefined) {
        this.#busy = undefined;
        this.#onBusy = Promise.withResolvers();
      }
    }
  }

  close(): void {
    clearTimeout(this.#farewell);
  }
}
