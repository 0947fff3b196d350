/** How late the loop is, and since when it has not turned. @module */
import { clearInterval, setInterval } from "node:timers";

/** The time between two beats. */
const INTERVAL_MS = 100;
/** For how many seconds the lateness is kept. */
const SECONDS = 60;

/** Beats as long as the runtime's loop turns; it keeps no program alive. */
export class Heartbeat {
  readonly #beat: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #last = performance.now();
  /** The most of each second, the current one last. */
  readonly #late = [0];
  #second = 0;

  /** @param beat Called each time. */
  constructor(beat: () => void) {
    this.#beat = beat;
    this.#timer = setInterval(() => this.#ring(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** How late it was in each of the last seconds at most, in milliseconds. */
  get late(): readonly number[] {
    return this.#late;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #ring(): void {
    const now = performance.now();
    const late = Math.max(now - this.#last - INTERVAL_MS, 0);
    this.#last = now;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#late.push(0);
      if (this.#late.length > SECONDS) this.#late.shift();
    }
    const current = this.#late.length - 1;
    this.#late[current] = Math.max(this.#late[current]!, late);
    this.#beat();
  }
}
