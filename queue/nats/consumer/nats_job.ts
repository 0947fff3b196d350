/** @module */
import { cancellable } from "../../../tasks/cancellable.ts";
import { printable } from "../../../tasks/kernel/watch/inspect.ts";
import { checkMilliseconds } from "../../../tasks/kernel/types.ts";
import { readyError } from "../../../tasks/kernel/wait/checkpoint.ts";
import { attemptsUsedUp, reasonText } from "../../jobs/codec.ts";
import { leaseLost, LeaseLostError } from "../../jobs/errors.ts";
import type { Job, JobState } from "../../jobs/jobs.ts";
import type { Delivery } from "./delivery.ts";
import type { Acks } from "./acks.ts";

/** A job leased from the servers. */
export class NatsJob<T> implements Job<T> {
  readonly value: T;
  readonly id: string;
  readonly attempt: number;
  readonly lease: number;
  readonly #delivery: Delivery;
  readonly #desk: Acks;
  #until: number;
  #settled = false;
  #lost = false;

  constructor(value: T, attempt: number, delivery: Delivery, desk: Acks) {
    this.value = value;
    this.id = delivery.id;
    this.attempt = attempt;
    this.lease = desk.settings.lease;
    this.#delivery = delivery;
    this.#desk = desk;
    this.#until = delivery.arrived + this.lease;
  }

  get state(): JobState {
    if (this.#lost) return "lost";
    if (this.#settled) return "settled";
    return performance.now() < this.#until ? "leased" : "lost";
  }

  done(): Promise<void> {
    return this.#settle((until) => this.#desk.finish(this.#delivery, until));
  }

  retry(delay = 0, reason?: unknown): Promise<void> {
    try {
      checkMilliseconds(delay, "the delay");
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.attempt >= this.#desk.settings.maxAttempts) {
      return this.#bury(attemptsUsedUp(this.attempt, reason));
    }
    return this.#settle((until) =>
      this.#desk.giveBack(this.#delivery, delay, until)
    );
  }

  release(): Promise<void> {
    return this.#settle((until) =>
      this.#desk.release(this.#delivery, 0, until)
    );
  }

  fail(reason: unknown): Promise<void> {
    return this.#bury(reasonText(reason));
  }

  #bury(reason: string): Promise<void> {
    return this.#settle((until) =>
      this.#desk.bury(this.#delivery, this.attempt, reason, until)
    );
  }

  extend(): Promise<void> {
    if (this.state !== "leased") return readyError(leaseLost(this));
    return cancellable(this.#desk.begin(async () => {
      const asked = performance.now();
      await this.#confirmed(() =>
        this.#desk.extend(this.#delivery, this.#until)
      );
      this.#until = asked + this.lease;
      this.#desk.hold(this.#delivery, this);
    }));
  }

  /** Somebody else has it by now. */
  lose(): void {
    if (!this.#settled) this.#lost = true;
  }

  #settle(how: (until: number) => Promise<void>): Promise<void> {
    if (this.state !== "leased") return readyError(leaseLost(this));
    this.#settled = true;
    this.#desk.held.delete(this.#delivery.sequence);
    return cancellable(
      this.#desk.begin(() => this.#confirmed(() => how(this.#until))),
    );
  }

  /** Nobody may believe in what was not confirmed in time. */
  async #confirmed(how: () => Promise<void>): Promise<void> {
    try {
      await how();
    } catch (cause) {
      this.#lost = true;
      if (cause instanceof LeaseLostError) throw cause;
      throw leaseLost(this, { cause });
    }
  }

  static {
    printable(NatsJob, ({ id, attempt, state }) => ({ id, attempt, state }));
  }
}
