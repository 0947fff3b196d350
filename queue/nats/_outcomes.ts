/** @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { unknownJob } from "../jobs/errors.ts";
import { type Outcome, resultIn, valueOf } from "../jobs/results.ts";
import type { DeadLetters } from "./consumer/dead_letters.ts";
import type { Inspection } from "./_inspection.ts";
import type { DoneNotices } from "./producer/done_notices.ts";
import type { KeptResults } from "./shared/kept_results.ts";

/** Pauses between two looks for an outcome, in milliseconds. */
const FIRST_LOOK = 500, LAST_LOOK = 4000;

/** The pause before the next look after a job has gone, in milliseconds. */
const GONE_PAUSE = 10;

/** How often the outcome of a job that has just gone is looked for again. */
const GONE_LOOKS = 5;

/** The outcome of a job that had none to keep. */
const NOTHING: Outcome = { state: "done", result: undefined };

/** Where the outcome of a job may be. */
export interface OutcomesParts<T> {
  inspection: Inspection<T>;
  notices: DoneNotices;
  results: KeptResults;
  letters: DeadLetters<T>;
}

/** The outcomes of jobs: they are told of at the end, or kept, or dead letters. */
export class Outcomes<T> {
  readonly #parts: OutcomesParts<T>;

  constructor(parts: OutcomesParts<T>) {
    this.#parts = parts;
  }

  /** Waits for the outcome of a job. */
  async result(id: string, options?: WaitOptions): Promise<unknown> {
    const { inspection, notices } = this.#parts;
    let seq = await inspection.numberOf(id, false, options);
    let pending = seq !== undefined;
    let gone = 0;
    for (let ms = FIRST_LOOK;; ms = Math.min(ms * 2, LAST_LOOK)) {
      let outcome = pending
        ? await notices.waitFor(id, ms, options)
        : await this.#find(id, options);
      pending &&= await inspection.isThere(seq!, id, options);
      if (!pending && outcome === undefined) {
        if (seq === undefined) {
          seq = await inspection.numberOf(id, true, options);
          if (seq === undefined) throw unknownJob(id);
          pending = true;
        } // The job was there: its outcome may be on its way, if it has one.
        else if (gone++ > GONE_LOOKS) outcome = NOTHING;
        else await notices.waitFor(id, GONE_PAUSE, options);
      }
      if (outcome !== undefined) return valueOf(resultIn(outcome));
    }
  }

  async #find(
    id: string,
    options?: WaitOptions,
  ): Promise<Outcome | undefined> {
    const { results, letters } = this.#parts;
    const kept = await results.find(id, options);
    if (kept !== undefined) return kept;
    const next = letters.walk(options);
    for (let it = await next(); it !== undefined; it = await next()) {
      if (it.id === id) return { state: "dead", reason: it.reason };
    }
    return undefined;
  }
}
