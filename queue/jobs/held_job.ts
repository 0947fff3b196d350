/** @module */
import { checkMilliseconds } from "../../tasks/kernel/types.ts";
import { readyError } from "../../tasks/kernel/wait/checkpoint.ts";
import { leaseLost, type Loss } from "./errors.ts";
import type { Job, JobState } from "./job.ts";

/** The data of a leased job. */
export interface HeldJobParts<T> {
  value: T;
  id: string;
  attempt: number;
  lease: number;
  /** The trace of the put, as a `traceparent`. */
  trace: string | undefined;
}

/**
 * A leased job, of any kind of queue. When it is lost, it notes why, aborts its
 * signal and calls `onLost`.
 */
export abstract class HeldJob<T> implements Job<T> {
  readonly value: T;
  readonly id: string;
  readonly attempt: number;
  readonly lease: number;
  readonly trace: string | undefined;
  /** The last report, as JSON. */
  progress: string | undefined = undefined;
  /** Called once, when the job is lost. */
  onLost: ((loss: Loss) => void) | undefined = undefined;
  #loss: Loss | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  /** Why the signal aborts; kept for a signal that is asked for later. */
  #abortion: { readonly reason: unknown } | undefined = undefined;

  constructor({ value, id, attempt, lease, trace }: HeldJobParts<T>) {
    this.value = value;
    this.id = id;
    this.attempt = attempt;
    this.lease = lease;
    this.trace = trace;
  }

  abstract readonly state: JobState;
  abstract done(result?: unknown): Promise<void>;
  abstract retry(delay?: number, reason?: unknown): Promise<void>;
  abstract release(): Promise<void>;
  abstract fail(reason: unknown): Promise<void>;
  abstract extend(): Promise<void>;

  /** Why the job was lost; `undefined` if it was not. */
  get loss(): Loss | undefined {
    return this.#loss;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.state === "lost") this.abort(leaseLost(this));
      if (this.#abortion) this.#controller.abort(this.#abortion.reason);
    }
    return this.#controller.signal;
  }

  /** Aborts the signal, also if it is asked for only later. */
  abort(reason: unknown): void {
    this.#abortion ??= { reason };
    this.#controller?.abort(this.#abortion.reason);
  }

  report(progress: unknown): Promise<void> {
    try {
      if (this.state !== "leased") return readyError(leaseLost(this));
      const text: string | undefined = JSON.stringify(progress);
      if (text === undefined) {
        throw new TypeError("Cannot report progress that JSON cannot express");
      }
      this.checkReport(text);
      this.progress = text;
      return this.reported();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Throws if a report is too long for the queue. */
  protected checkReport(_text: string): void {}

  /** Called after each report; what {@linkcode report} returns. */
  protected abstract reported(): Promise<void>;

  /** Notes that the job no longer belongs to its holder. */
  lose(loss: Loss): void {
    if (this.#loss !== undefined) return;
    this.#loss = loss;
    this.onLost?.(loss);
    if (this.#controller !== undefined) this.abort(leaseLost(this));
  }
}

/** Throws if `delay` is not valid for a retry. */
export function checkRetry(delay: unknown): void {
  checkMilliseconds(delay, "Cannot retry: the delay");
}
