/** Jobs that are being taken out of the queue. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { Delivery } from "./delivery.ts";

/** After how many milliseconds the servers are late to confirm that a job is out. */
const LATE = 1000;

/** The jobs that are being taken out: they cannot be lost any more. */
export class EndingJobs {
  /** Called now and then while the servers are late to confirm that jobs are out. */
  onLate: (() => void) | undefined = undefined;
  /** Called if the servers have handed out a job once more: they know of it now. */
  onHandedOut: ((delivery: Delivery) => void) | undefined = undefined;
  readonly #loop = getRunningLoop();
  /** By the numbers of the jobs. */
  readonly #deliveries = new Map<number, Delivery>();
  /** The numbers of those at the last look. */
  #looked = new Set<number>();
  #timer: TimerHandle | undefined = undefined;
  #late = 0;

  /** Notes that `work` takes a job out. */
  async during(delivery: Delivery, work: () => Promise<void>): Promise<void> {
    const { sequence } = delivery;
    this.#deliveries.set(sequence, delivery);
    this.#timer ??= this.#loop.callLater(LATE, () => this.#look());
    try {
      await work();
    } finally {
      this.#deliveries.delete(sequence);
      if (this.#deliveries.size === 0) this.#lookNoMore();
    }
  }

  get(sequence: number): Delivery | undefined {
    return this.#deliveries.get(sequence);
  }

  /**
   * How many jobs the servers are late to confirm: they may have forgotten that they
   * have handed them out. Then they do so once more before other jobs.
   */
  get late(): number {
    return Math.min(this.#late, this.#deliveries.size);
  }

  /** Looks whether what was being taken out the last time still is. */
  #look(): void {
    const before = this.#looked;
    this.#looked = new Set(this.#deliveries.keys());
    this.#late = this.#looked.intersection(before).size;
    this.#timer = this.#loop.callLater(LATE, () => this.#look());
    if (this.#late > 0) this.onLate?.();
  }

  #lookNoMore(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#looked.clear();
    this.#late = 0;
  }
}
