/** How late the loop is, and when it has had its last turn. @module */
import { clearInterval, setInterval } from "node:timers";

/** The time between two beats. */
const INTERVAL_MS = 100;
/** For how many seconds the delays are kept. */
const SECONDS = 60;

/** A timer that beats while the loop has turns. It keeps no program alive. */
export class Heartbeat {
  readonly #beat: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #last = performance.now();
  #second = secondOf(this.#last);
  /** The greatest delay of each second, the current one last. */
  readonly #late = [0];

  /** @param beat Called at each beat. */
  constructor(beat: () => void) {
    this.#beat = beat;
    this.#timer = setInterval(() => this.#ring(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** The greatest delay in each of the last seconds, in milliseconds. */
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
    this.#passTo(secondOf(now));
    const current = this.#late.length - 1;
    this.#late[current] = Math.max(this.#late[current]!, late);
    this.#beat();
  }

  /** In the seconds in between there was no beat, and so no delay. */
  #passTo(second: number): void {
    const passed = Math.min(second - this.#second, SECONDS);
    this.#second = second;
    for (let i = 0; i < passed; i++) this.#late.push(0);
    this.#late.splice(0, this.#late.length - SECONDS);
  }
}

function secondOf(time: number): number {
  return Math.floor(time / 1000);
}
