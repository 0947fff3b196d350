/** When jobs expire. @module */
import { getRunningLoop } from "../../tasks/event_loop.ts";
import type { TimerHandle } from "../../tasks/handle.ts";
import { Heap } from "../store/heap.ts";

/** A job that expires. */
interface Expiry {
  /** On the loop's clock. */
  readonly when: number;
  /** The number of the job in the stream. */
  readonly seq: number;
}

/**
 * Calls a function when the time to begin of jobs is over. That is done by the
 * process that has put the job; a worker that gets it checks the time as well.
 *
 * There may be many such jobs, most of which are done long before, so there is one
 * timer for all.
 */
export class Expiries {
  readonly #loop = getRunningLoop();
  readonly #expired: (seq: number) => void;
  readonly #later = new Heap<Expiry>((a, b) => a.when - b.when);
  /** The one before those in the heap. */
  #first: Expiry | undefined = undefined;
  #timer: TimerHandle | undefined = undefined;
  #closed = false;

  constructor(expired: (seq: number) => void) {
    this.#expired = expired;
  }

  /** Notes that job number `seq` expires in `ms` milliseconds. */
  add(ms: number, seq: number): void {
    if (this.#closed) return;
    const added = { when: this.#loop.time() + ms, seq };
    const first = this.#first;
    if (first !== undefined && first.when <= added.when) {
      return this.#later.add(added);
    }
    if (first !== undefined) this.#later.add(first);
    this.#waitFor(added);
  }

  #waitFor(first: Expiry | undefined): void {
    this.#timer?.cancel();
    this.#first = first;
    if (first === undefined) return;
    this.#timer = this.#loop.callAt(first.when, () => {
      const { size } = this.#later;
      this.#waitFor(size > 0 ? this.#later.take() : undefined);
      this.#expired(first.seq);
    });
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#later.clear();
  }
}
