/** @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { JobState } from "../../jobs/job.ts";
import type { Acks } from "./acks.ts";
import type { Delivery } from "./delivery.ts";
import type { HeldJob } from "./held_jobs.ts";

/** A delivery that `decode` is at work on: it can be lost as a job can. */
export class Decoding implements HeldJob {
  delivery: Delivery;
  readonly attempt: number;
  readonly progress = undefined;
  readonly #acks: Acks;
  readonly #ended: () => void;
  readonly #loop = getRunningLoop();
  #timer: TimerHandle | undefined = undefined;
  #isOver = false;

  /** @param ended Called once, when it is over. */
  constructor(
    delivery: Delivery,
    attempt: number,
    { acks, ended }: { acks: Acks; ended: () => void },
  ) {
    this.delivery = delivery;
    this.attempt = attempt;
    this.#acks = acks;
    this.#ended = ended;
    acks.jobs.hold(this);
    this.#look();
  }

  /** Ends it with the lease: it is to hold up no other job. */
  #look(): void {
    const left = this.delivery.lease.remaining();
    if (left > 0) this.#timer = this.#loop.callLater(left, () => this.#look());
    else this.end();
  }

  get id(): string {
    return this.delivery.id;
  }

  get state(): JobState {
    return this.delivery.lease.remaining() > 0 ? "leased" : "lost";
  }

  /** Ends it; returns `false` if it has ended before: what comes is dropped. */
  end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#timer?.cancel();
    const { jobs } = this.#acks;
    if (jobs.held.get(this.delivery.sequence) === this) {
      jobs.letGo(this.delivery);
    }
    this.#ended();
    return true;
  }

  lose(): void {
    this.end();
  }

  handBackClosed(): void {
    if (!this.end()) return;
    this.#acks.inBackground(() =>
      this.#acks.nak(this.delivery, { delay: 0, attempt: false })
    );
  }
}
