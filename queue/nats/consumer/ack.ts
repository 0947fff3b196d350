/** @module */
import { ExternalWaiter } from "../../../tasks/kernel/wait/waiter.ts";
import type { Outcome } from "../../jobs/results.ts";
import { isPassing } from "../transport/reconnecting_connection.ts";
import type { ReplyListener } from "../transport/replies.ts";
import type { Acks } from "./acks.ts";
import type { Delivery } from "./delivery.ts";

/** The job that is done. */
interface DoneJob {
  readonly delivery: Delivery;
  /** Notes that the settlement was not confirmed; returns the error to throw. */
  notConfirmed(cause: unknown): Error;
}

/**
 * Takes a job out of the queue in one message, and waits for the confirmation. If
 * the wait is given up, the job is still taken out.
 */
export class Ack extends ExternalWaiter<void> implements ReplyListener {
  readonly what = "Job.done";
  readonly #job: DoneJob;
  readonly #outcome: Outcome;
  readonly #acks: Acks;

  constructor(job: DoneJob, outcome: Outcome, acks: Acks) {
    super();
    this.#job = job;
    this.#outcome = outcome;
    this.#acks = acks;
  }

  /** Sends the message. Resolves when it is confirmed. */
  send(): Promise<void> {
    this.#acks.send(this.delivery, this);
    return this.promise;
  }

  get delivery(): Delivery {
    return this.#job.delivery;
  }

  get subject(): string {
    return this.delivery.replyTo;
  }

  replied(): void {
    this.#acks.acked(this.delivery, this.#outcome);
    this.#acks.ended();
    this.wake();
  }

  failed(error: unknown): void {
    if (isPassing(error)) this.#sendAgain();
    else this.#notConfirmed(error);
    this.#acks.ended();
  }

  #sendAgain(): void {
    const sent = this.#acks.begin(() =>
      this.#acks.ack(this.delivery, this.#outcome)
    );
    sent.then(() => this.wake(), (error) => this.#notConfirmed(error));
  }

  #notConfirmed(cause: unknown): void {
    const error = this.#job.notConfirmed(cause);
    this.fail(error);
  }
}
