/** Extends leases while handlers run. @module */
import { getRunningLoop } from "../../tasks/event_loop.ts";
import type { TimerHandle } from "../../tasks/handle.ts";
import { LinkedList, type LinkedNode } from "../../tasks/kernel/linked_list.ts";
import { LeaseLostError } from "./errors.ts";
import type { Job } from "./job.ts";

/** How often the timer fires in the length of a lease. */
const TURNS = 12;

/** After how many turns a lease is extended: three times in its length. */
const EXTENDS = TURNS / 3;

/** The extensions of one job's lease, until they are stopped. */
export class Heartbeat implements LinkedNode<Heartbeat> {
  previousSibling: Heartbeat | undefined = undefined;
  nextSibling: Heartbeat | undefined = undefined;
  readonly job: Job<unknown>;
  /** The turn of the next extension. */
  turn: number;
  readonly #lost: (job: Job<unknown>) => void;
  #rhythm: Rhythm | undefined;

  constructor(
    job: Job<unknown>,
    lost: (job: Job<unknown>) => void,
    rhythm: Rhythm,
  ) {
    this.job = job;
    this.turn = rhythm.turn + EXTENDS;
    this.#lost = lost;
    this.#rhythm = rhythm;
  }

  async extend(): Promise<void> {
    this.turn = Infinity;
    try {
      await this.job.extend();
      if (this.#rhythm !== undefined) this.turn = this.#rhythm.turn + EXTENDS;
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      const isLost = this.#rhythm !== undefined && this.job.state === "lost";
      if (isLost) this.#lost(this.job);
    }
  }

  stop(): void {
    this.#rhythm?.remove(this);
    this.#rhythm = undefined;
  }
}

/** Extends leases of one length. */
class Rhythm {
  readonly #every: number;
  readonly #beats = new LinkedList<Heartbeat>();
  turn = 0;
  #timer: TimerHandle | undefined = undefined;

  constructor(lease: number) {
    this.#every = lease / TURNS;
  }

  add(beat: Heartbeat): void {
    this.#beats.add(beat);
    this.#plan();
  }

  remove(beat: Heartbeat): void {
    this.#beats.remove(beat);
  }

  stop(): void {
    for (const beat of this.#beats) beat.stop();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #plan(): void {
    this.#timer ??= getRunningLoop().callLater(this.#every, () => {
      this.#timer = undefined;
      this.turn++;
      for (const beat of this.#beats) {
        if (beat.turn <= this.turn) beat.extend();
      }
      if (this.#beats.size > 0) this.#plan();
    });
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
   * Extends the lease of `job` from now on; not if it has no end.
   *
   * @param lost Called if the lease was lost.
   */
  start(
    job: Job<unknown>,
    lost: (job: Job<unknown>) => void,
  ): Heartbeat | undefined {
    const { lease } = job;
    if (lease === Infinity) return undefined;
    let rhythm = this.#rhythms.get(lease);
    if (rhythm === undefined) {
      rhythm = new Rhythm(lease);
      this.#rhythms.set(lease, rhythm);
    }
    const beat = new Heartbeat(job, lost, rhythm);
    rhythm.add(beat);
    return beat;
  }

  /** Stops all of them. */
  stopAll(): void {
    for (const rhythm of this.#rhythms.values()) rhythm.stop();
  }
}
