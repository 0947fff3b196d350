/** The outcomes of jobs. @module */
import { CancelledError } from "../../tasks/kernel/errors.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** How a job ended. */
export type Outcome =
  | { readonly state: "done"; readonly result: string | undefined }
  | { readonly state: "dead"; readonly reason: string }
  | { readonly state: "cancelled" };

/** Returns the result as JSON; throws if the job was not done. */
export function resultIn(outcome: Outcome): string | undefined {
  if (outcome.state === "done") return outcome.result;
  throw outcome.state === "dead"
    ? new Error(outcome.reason)
    : new CancelledError("the job was cancelled");
}

/** Parses a result or a report. */
export function valueOf(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}

/** The outcomes of finished jobs, and the waits for them. */
export class Results {
  readonly #keep: number;
  /** Oldest first. */
  readonly #kept = new Map<string, { until: number; outcome: Outcome }>();
  readonly #waiting = new Map<string, WaitQueue<Outcome>>();

  /** @param keep For how many milliseconds an outcome is kept. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  get(id: string, now: number): Outcome | undefined {
    this.#forgetOld(now);
    return this.#kept.get(id)?.outcome;
  }

  /** Keeps the outcome of a job. */
  add(id: string, outcome: Outcome, now: number): void {
    this.#forgetOld(now);
    this.#kept.delete(id);
    if (this.#keep > 0) {
      this.#kept.set(id, { until: now + this.#keep, outcome });
    }
  }

  /** Ends the waits for the outcome of a job. */
  wake(id: string, outcome: Outcome): void {
    const line = this.#waiting.get(id);
    if (line === undefined) return;
    this.#waiting.delete(id);
    line.wakeAll(outcome);
  }

  /** Waits for the outcome of an unfinished job. */
  async wait(id: string, options?: WaitOptions): Promise<Outcome> {
    let line = this.#waiting.get(id);
    if (line === undefined) {
      line = new WaitQueue<Outcome>("Jobs.result");
      this.#waiting.set(id, line);
    }
    try {
      return await line.wait(options);
    } finally {
      if (line.size === 0 && this.#waiting.get(id) === line) {
        this.#waiting.delete(id);
      }
    }
  }

  close(error: unknown): void {
    this.#kept.clear();
    for (const line of this.#waiting.values()) line.failAll(error);
    this.#waiting.clear();
  }

  #forgetOld(now: number): void {
    for (const [id, { until }] of this.#kept) {
      if (until > now) break;
      this.#kept.delete(id);
    }
  }
}
