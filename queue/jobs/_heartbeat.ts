/** Extends leases while handlers run. @module */
import { getRunningLoop } from "../../tasks/event_loop.ts";
import type { TimerHandle } from "../../tasks/handle.ts";
import { LeaseLostError } from "./errors.ts";
import type { Job } from "./job.ts";

/** How often the timer fires in the length of a lease. */
const TURNS = 12;

/** After how many turns a lease is extended: three times in its length. */
const EXTENDS = TURNS / 3;

/** The next extension of a job's lease. */
interface Beat {
  turn: number;
  readonly lost: () => void;
}

/** Extends leases of one length. */
class Rhythm {
  readonly #every: number;
  readonly #beats = new Map<Job<unknown>, Beat>();
  #turn = 0;
  #timer: TimerHandle | undefined = undefined;

  constructor(lease: number) {
    this.#every = lease / TURNS;
  }

  add(job: Job<unknown>, lost: () => void): void {
    this.#beats.set(job, { turn: this.#turn + EXTENDS, lost });
    this.#plan();
  }

  delete(job: Job<unknown>): void {
    this.#beats.delete(job);
  }

  stop(): void {
    this.#beats.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #plan(): void {
    this.#timer ??= getRunningLoop().callLater(this.#every, () => {
      this.#timer = undefined;
      this.#turn++;
      for (const [job, beat] of this.#beats) {
        if (beat.turn <= this.#turn) this.#extend(job, beat);
      }
      if (this.#beats.size > 0) this.#plan();
    });
  }

  async #extend(job: Job<unknown>, beat: Beat): Promise<void> {
    beat.turn = Infinity;
    try {
      await job.extend();
      beat.turn = this.#turn + EXTENDS;
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      const isHeld = this.#beats.get(job) === beat;
      if (isHeld && job.state === "lost") beat.lost();
    }
  }
}

/**
 * Extends the leases of jobs, three times in their length, until that is stopped.
 * There is one timer for all leases of one length, as most jobs are done long
 * before it fires.
 */
export class Heartbeats {
  readonly #rhythms = new Map<number, Rhythm>();

  /**
   * Extends the lease of `job` from now on.
   *
   * @param lost Called if the lease was lost.
   */
  start(job: Job<unknown>, lost: () => void): void {
    const { lease } = job;
    if (lease === Infinity) return;
    let rhythm = this.#rhythms.get(lease);
    if (rhythm === undefined) {
      rhythm = new Rhythm(lease);
      this.#rhythms.set(lease, rhythm);
    }
    rhythm.add(job, lost);
  }

  stop(job: Job<unknown>): void {
    this.#rhythms.get(job.lease)?.delete(job);
  }

  /** Stops all of them. */
  stopAll(): void {
    for (const rhythm of this.#rhythms.values()) rhythm.stop();
  }
}
