/** The rate that limited workers share. @module */
import { type Rate, RateLog } from "../../jobs/limits.ts";
import type { QueueContext } from "../queue_context.ts";
import type { SharedState, Stored } from "./shared_state.ts";

/** The shared record of the starts of jobs. */
interface SharedRate {
  readonly times: [time: number, count: number][];
  readonly longest: number;
}

/** If there are more times than this, they are rounded up to common ones. */
const MOST_TIMES = 200;

/** How fast a long write is forgotten, by each that follows. */
const DECAY = 0.8;

/**
 * The longest time that writes are expected to take, in milliseconds. While servers
 * are out of reach, a write takes longer; the next ones do not.
 */
const LONGEST_DELAY = 250;

/**
 * The starts that the limited workers of all processes count together. Times are
 * those of the clocks of the machines.
 */
export class SharedRates {
  readonly #context: QueueContext;
  readonly #state: SharedState;
  /** The last known version of the record of starts. */
  #rate: Stored<SharedRate> | undefined = undefined;
  /** How long writes take, in milliseconds: about the longest of the last ones. */
  #delay = 0;

  constructor(context: QueueContext, state: SharedState) {
    this.#context = context;
    this.#state = state;
  }

  /** Counts a start, and resolves to 0; else to the milliseconds until it may be. */
  async begin(rate: Rate): Promise<number> {
    const subject = this.#context.subjects.shared("rate");
    await this.#state.provide();
    for (;;) {
      const stored = this.#rate ?? await this.#state.read<SharedRate>(subject);
      const now = Date.now();
      const log = logOf(stored.value);
      const wait = log.wait(rate, now);
      if (wait > 0 && this.#rate === undefined) {
        this.#rate = stored;
        return wait;
      }
      this.#rate = undefined;
      if (wait > 0) continue; // the known version may be old
      const begins = this.#latestBegin(now);
      log.add(begins);
      const value = written(log);
      const seq = await this.#state.write(subject, value, stored.seq);
      const delay = Math.min(Date.now() - now, LONGEST_DELAY);
      this.#delay = Math.max(delay, this.#delay * DECAY);
      if (seq === 0) continue;
      this.#rate = { value, seq };
      if (Date.now() > begins) await this.#correct(subject, begins);
      return 0;
    }
  }

  /** A job begins when the write that counts it is answered: the latest time. */
  #latestBegin(now: number): number {
    return now + Math.ceil(this.#delay) + 1;
  }

  /** Counts a job later: its write took longer than those before. */
  async #correct(subject: string, begins: number): Promise<void> {
    this.#rate = undefined;
    await this.#state.update<SharedRate>(subject, (stored) => {
      const log = logOf(stored);
      const place = log.times.indexOf(begins);
      if (place < 0) return undefined;
      log.times[place] = this.#latestBegin(Date.now());
      log.times.sort((a, b) => a - b);
      return written(log);
    });
  }
}

function logOf(shared: SharedRate | undefined): RateLog {
  if (shared === undefined) return new RateLog();
  const times = shared.times.flatMap(([time, count]) =>
    new Array<number>(count).fill(time)
  );
  return new RateLog(times, shared.longest);
}

function written({ times, longest }: RateLog): SharedRate {
  const step = times.length > MOST_TIMES ? longest / MOST_TIMES : 1;
  const counted = new Map<number, number>();
  for (const time of times) {
    const rounded = step === 1 ? time : Math.ceil(time / step) * step;
    counted.set(rounded, (counted.get(rounded) ?? 0) + 1);
  }
  return { times: [...counted], longest };
}
