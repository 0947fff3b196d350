/** A program, as seen by its pages. @module */
import type { Connection } from "../client/connection.ts";
import { describeBusy, MonitorError } from "../client/connection.ts";
import { Rates, type Sample } from "../client/rates.ts";
import { safe } from "../../kernel/watch/safe_text.ts";
import type { Watched } from "../protocol.ts";
import type { RowOptions } from "./rows.ts";
import { type View, viewOf } from "./view.ts";

/** A page that asks sooner gets the same sample. */
const MIN_AGE_MS = 400;
/** How many tasks are followed at most. */
const MAX_FOLLOWED = 400;
/** For how long pages can learn of the end of the program. */
const END_NOTICE_MS = 3000;

/** The state that a page gets. */
export interface PageState {
  /** Missing before the first sample. */
  readonly view?: View;
  /** Why the loop does not answer. */
  readonly busy?: string;
  /** Why there are no more samples. */
  readonly ended?: string;
}

/** Takes one sample at a time, for any number of pages. */
export class ProgramView {
  /** Resolves when the program has ended, and pages have learnt of it. */
  readonly ended: Promise<void>;
  readonly #program: Connection;
  readonly #rates = new Rates();
  readonly #follow = new Set<number>();
  #sample: Sample | undefined = undefined;
  #taken = -Infinity;
  #current: Promise<void> | undefined = undefined;
  #busy: string | undefined = undefined;
  /** Resolves when a notice says that the loop is busy. */
  #onBusy = Promise.withResolvers<void>();
  #end: string | undefined = undefined;
  #endNotice: ReturnType<typeof setTimeout> | undefined;
  readonly #close: () => void;

  constructor(program: Connection) {
    this.#program = program;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#close = resolve;
    program.ended.then(() => {
      this.#endNotice = setTimeout(this.#close, END_NOTICE_MS);
    });
  }

  /** Resolves to the state; while the loop is busy, with the last view. */
  async look(options: RowOptions): Promise<PageState> {
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
    clearTimeout(this.#endNotice);
  }
}
