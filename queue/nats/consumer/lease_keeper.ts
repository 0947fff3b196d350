/** @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { QueueContext } from "../queue_context.ts";
import type { Acks } from "./acks.ts";
import type { NatsJob } from "./nats_job.ts";

/** How often the leases are looked at, in parts of a lease. */
const LOOKS = 4;

/** A lease is extended if no more than this part of it is left. */
const LEFT = 0.6;

/** Extends the leases of jobs that have come and wait for a worker or a limit. */
export class LeaseKeeper {
  readonly #context: QueueContext;
  readonly #acks: Acks;
  readonly #jobs: () => NatsJob<unknown>[];
  readonly #loop = getRunningLoop();
  #timer: TimerHandle | undefined = undefined;
  #isClosed = false;

  /** @param jobs Returns the jobs that wait. */
  constructor(
    context: QueueContext,
    acks: Acks,
    jobs: () => NatsJob<unknown>[],
  ) {
    this.#context = context;
    this.#acks = acks;
    this.#jobs = jobs;
  }

  /** Looks at the leases now and then, until no job waits. */
  start(): void {
    const { lease } = this.#context.settings;
    if (lease === Infinity || this.#timer !== undefined) return;
    if (this.#isClosed) return;
    this.#timer = this.#loop.callLater(lease / LOOKS, () => {
      this.#timer = undefined;
      const jobs = this.#jobs();
      for (const job of jobs) {
        if (job.delivery.lease.remaining() > lease * LEFT) continue;
        this.#acks.inBackground(() => job.extendNow());
      }
      if (jobs.length > 0) this.start();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }
}
