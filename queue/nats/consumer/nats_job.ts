/** @module */
import { cancellable } from "../../../tasks/cancellable.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../../tasks/kernel/wait/checkpoint.ts";
import { printable } from "../../../tasks/kernel/watch/inspect.ts";
import {
  attemptsUsedUp,
  EXPIRED,
  jsonText,
  reasonText,
} from "../../jobs/codec.ts";
import { leaseLost, LeaseLostError, type Loss } from "../../jobs/errors.ts";
import { checkRetry, HeldJob } from "../../jobs/held_job.ts";
import type { JobState } from "../../jobs/job.ts";
import type { Outcome } from "../../jobs/results.ts";
import type { QueueContext } from "../queue_context.ts";
import { checkFits } from "../shared/room.ts";
import { Ack } from "./ack.ts";
import type { Acks } from "./acks.ts";
import type { Delivery } from "./delivery.ts";

/** A job that is leased from the servers. */
export class NatsJob<T> extends HeldJob<T> {
  delivery: Delivery;
  readonly #acks: Acks;
  readonly #context: QueueContext;
  #settled = false;

  constructor(
    value: T,
    attempt: number,
    { delivery, acks, context }: {
      delivery: Delivery;
      acks: Acks;
      context: QueueContext;
    },
  ) {
    const { id, trace } = delivery;
    super({ value, id, attempt, lease: context.settings.lease, trace });
    this.delivery = delivery;
    this.#acks = acks;
    this.#context = context;
  }

  get state(): JobState {
    if (this.loss !== undefined) return "lost";
    if (this.#settled) return "settled";
    return this.delivery.lease.remaining() > 0 ? "leased" : "lost";
  }

  done(result?: unknown): Promise<void> {
    const text = result === undefined ? undefined : jsonText(result);
    if (text !== undefined) {
      try {
        this.#checkFits(text, "keep the result");
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const outcome: Outcome = { state: "done", result: text };
    const ack = () => this.#acks.ack(this.delivery, outcome);
    if (this.#acks.isKept(this.delivery, outcome)) return this.#settle(ack);
    if (!this.#beginToSettle()) return readyError(leaseLost(this));
    const rejection = checkpointIfCancelled();
    if (rejection === undefined) {
      return new Ack(this, outcome, this.#acks).send();
    }
    this.#acks.inBackground(() => this.#confirmed(ack));
    return rejection;
  }

  retry(delay = 0, reason?: unknown): Promise<void> {
    try {
      checkRetry(delay);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.attempt >= this.#context.settings.maxAttempts) {
      return this.#giveUp(attemptsUsedUp(this.attempt, reason));
    }
    return this.#settle(() =>
      this.#acks.nak(this.delivery, { delay, attempt: true })
    );
  }

  release(): Promise<void> {
    return this.#settle(() =>
      this.#acks.nak(this.delivery, { delay: 0, attempt: false })
    );
  }

  fail(reason: unknown): Promise<void> {
    return this.#giveUp(reasonText(reason));
  }

  #giveUp(reason: string): Promise<void> {
    return this.#settle(() =>
      this.#acks.deadLetter(this.delivery, this.attempt, reason)
    );
  }

  extend(): Promise<void> {
    if (this.state !== "leased") return readyError(leaseLost(this));
    return cancellable(this.#acks.begin(() => this.extendNow()));
  }

  /** Whether it was to be begun before now, and was not. */
  get isExpired(): boolean {
    return this.attempt === 1 && this.delivery.expires < Date.now();
  }

  /** Makes a dead letter of a job that has expired. */
  expire(): void {
    this.#acks.inBackground(() =>
      this.#acks.deadLetter(this.delivery, 0, EXPIRED)
    );
  }

  /** Gives back a job that was not handed out, for `delay` milliseconds. */
  handBack(delay = 0): void {
    if (!this.#beginToSettle()) return;
    this.#acks.inBackground(() =>
      this.#acks.nak(this.delivery, { delay, attempt: false })
    );
  }

  /** Gives back a job that its holder loses, as the queue is closed. */
  handBackClosed(): void {
    if (this.state !== "leased") return;
    this.handBack();
    super.lose("closed");
  }

  /** Restarts the lease, for the queue itself. */
  async extendNow(): Promise<void> {
    const { clock, settings } = this.#context;
    const asked = clock.now();
    await this.#confirmed(() => this.#acks.working(this.delivery));
    if (this.loss !== undefined || this.#settled) return;
    this.delivery.lease.extendTo(asked + settings.lease);
    this.#acks.jobs.hold(this);
    this.#acks.jobs.onExtended?.(this.delivery);
  }

  #checkFits(text: string, action: string): void {
    checkFits(this.#context.connection, text, { id: this.id, action });
  }

  protected override checkReport(text: string): void {
    this.#checkFits(text, "report");
  }

  protected override reported(): Promise<void> {
    return checkpointIfCancelled() ?? ready(undefined);
  }

  override lose(loss: Loss): void {
    if (this.#settled) return;
    super.lose(loss);
    this.delivery.lease.lose();
  }

  /** Returns `false` if the job is no longer held. */
  #beginToSettle(): boolean {
    if (this.state !== "leased") return false;
    this.#settled = true;
    this.#acks.jobs.letGo(this.delivery);
    return true;
  }

  #settle(how: () => Promise<void>): Promise<void> {
    if (!this.#beginToSettle()) return readyError(leaseLost(this));
    return cancellable(this.#acks.begin(() => this.#confirmed(how)));
  }

  /** What was not confirmed in time counts as a lost lease. */
  async #confirmed(how: () => Promise<void>): Promise<void> {
    try {
      await how();
    } catch (cause) {
      throw this.notConfirmed(cause);
    }
  }

  /** Notes that the job could not be settled; returns the error to throw. */
  notConfirmed(cause: unknown): LeaseLostError {
    super.lose(this.loss ?? "expired");
    this.#acks.jobs.gone(this.delivery);
    return cause instanceof LeaseLostError ? cause : leaseLost(this, { cause });
  }

  static {
    printable(NatsJob, ({ id, attempt, state }) => ({ id, attempt, state }));
  }
}
