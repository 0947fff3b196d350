/** Limits on jobs that have come. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { Limits } from "../../jobs/limits.ts";
import type { QueueContext } from "../queue_context.ts";
import type { KeySlots } from "../shared/key_slots.ts";
import type { SharedRates } from "../shared/shared_rates.ts";
import type { Delivery } from "./delivery.ts";
import { KeyLine } from "./key_line.ts";
import type { NatsJob } from "./nats_job.ts";

/** How often a key is tried again without a notice, in milliseconds. */
const TRY_AGAIN = 1000;

/** What the processes of a queue share. */
export interface SharedLimits {
  readonly slots: KeySlots;
  readonly rates: SharedRates;
}

/** What an admission needs of its queue. */
export interface AdmissionEvents<T> {
  /** Called with a parked job that may be tried again. */
  free(job: NatsJob<T>): void;
  /** Does work in no task; its errors are ignored. */
  begin(work: () => Promise<void>): void;
}

/** Lets jobs begin as far as limits allow, over all processes. */
export class Admission<T> {
  readonly #context: QueueContext;
  readonly #limits: SharedLimits;
  readonly #events: AdmissionEvents<T>;
  readonly #loop = getRunningLoop();
  /** Jobs that wait because as many jobs of their key run as may. */
  readonly #parked = new Map<string, KeyLine<T>>();
  /** The jobs here that have a slot of their key. */
  readonly #entered = new Set<string>();
  #timer: TimerHandle | undefined = undefined;
  #closed = false;

  constructor(
    context: QueueContext,
    limits: SharedLimits,
    events: AdmissionEvents<T>,
  ) {
    this.#context = context;
    this.#limits = limits;
    this.#events = events;
    const { connection, subjects } = context;
    connection.subscribe(subjects.freed, (message) => {
      this.#unpark(message.string());
    });
  }

  /** The jobs that are parked. */
  get parked(): NatsJob<T>[] {
    return [...this.#parked.values()].flatMap(({ jobs }) => jobs);
  }

  /**
   * Asks whether a job may begin.
   *
   * @returns 0 if it may, the milliseconds until it can be tried again, or
   * `undefined` if it is parked, so that `free` is called later, or was lost.
   */
  async admit(job: NatsJob<T>, limits: Limits): Promise<number | undefined> {
    const { delivery } = job;
    const { jobKey, key } = delivery;
    const { keyConcurrency: most = Infinity, rate } = limits;
    if (jobKey !== undefined && most !== Infinity && !this.#entered.has(key)) {
      if (!await this.#limits.slots.enter(delivery, most)) {
        this.#park(job, jobKey);
        return undefined;
      }
      this.#entered.add(key);
      if (job.state !== "leased") {
        this.gone(delivery);
        return undefined;
      }
    }
    return rate === undefined ? 0 : await this.#limits.rates.begin(rate);
  }

  #park(job: NatsJob<T>, key: string): void {
    if (this.#closed) return job.handBack();
    const line = this.#parked.get(key) ?? new KeyLine<T>(this.#loop);
    if (!line.add(job)) return job.handBack(line.putOff);
    this.#parked.set(key, line);
    this.#plan();
  }

  #plan(): void {
    if (this.#parked.size === 0) return;
    this.#timer ??= this.#loop.callLater(TRY_AGAIN, () => {
      this.#timer = undefined;
      for (const key of [...this.#parked.keys()]) this.#unpark(key);
      this.#plan();
    });
  }

  #unpark(key: string): void {
    const line = this.#parked.get(key);
    const job = line?.take();
    if (line?.jobs.length === 0) this.#parked.delete(key);
    if (job !== undefined) this.#events.free(job);
  }

  /** Frees the slot of a job that is no longer held. */
  gone(delivery: Delivery): void {
    const { key, jobKey } = delivery;
    if (jobKey === undefined || !this.#entered.delete(key)) return;
    const line = this.#parked.get(jobKey);
    const offered = line === undefined || line.offersToAll();
    this.#events.begin(async () => {
      await this.#limits.slots.leave(delivery);
      const { connection, subjects } = this.#context;
      if (offered) connection.publish(subjects.freed, jobKey);
    });
    if (!offered) this.#unpark(jobKey);
  }

  /** Renews the slot of a job whose lease was restarted. */
  extended(delivery: Delivery): void {
    if (!this.#entered.has(delivery.key)) return;
    this.#events.begin(() => this.#limits.slots.extend(delivery));
  }

  /** Gives back the parked jobs, and parks no more. */
  close(): void {
    this.#closed = true;
    this.clear();
  }

  /** Gives back the parked jobs. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const parked = this.parked;
    this.#parked.clear();
    for (const job of parked) job.handBack();
  }
}
