/** @module */
import type { EventLoop } from "../../../tasks/event_loop.ts";
import type { NatsJob } from "./nats_job.ts";
import { addInOrder } from "./queue_order.ts";

/** How many jobs of a key wait in this process, at most. */
const MOST = 200;

/** For how long further jobs of the key go back, in milliseconds. */
const SHORTEST_PUT_OFF = 1000, LONGEST_PUT_OFF = 30_000;

/** How often a slot is offered to all processes, in milliseconds. */
const OFFER = 100;

/** The jobs of a key that wait because as many jobs of it run as may. */
export class KeyLine<T> {
  readonly #jobs: NatsJob<T>[] = [];
  readonly #loop: EventLoop;
  readonly #since: number;
  #offered: number;
  #taken = 0;

  constructor(loop: EventLoop) {
    this.#loop = loop;
    this.#since = this.#offered = loop.time();
  }

  get jobs(): readonly NatsJob<T>[] {
    return this.#jobs;
  }

  /** Lets a job wait, in the order of the queue; returns `false` if there is no room. */
  add(job: NatsJob<T>): boolean {
    if (this.#jobs.length >= MOST) return false;
    addInOrder(this.#jobs, job);
    return true;
  }

  /** Takes the first job that was not lost. */
  take(): NatsJob<T> | undefined {
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) {
      this.#taken++;
      if (job.state === "leased") return job;
    }
    return undefined;
  }

  /** In how many milliseconds there may be room: when half of the line has gone. */
  get putOff(): number {
    const passed = this.#loop.time() - this.#since;
    const half = passed * Math.min(MOST / 2 / this.#taken, 1);
    return Math.min(Math.max(half, SHORTEST_PUT_OFF), LONGEST_PUT_OFF);
  }

  /**
   * Whether a slot that is free now is offered to all processes, not only to this
   * one: now and then, as that takes some time.
   */
  offersToAll(): boolean {
    const now = this.#loop.time();
    if (now - this.#offered < OFFER) return false;
    this.#offered = now;
    return true;
  }
}
