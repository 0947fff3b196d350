/** The outcomes of jobs on the servers. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import type { Outcome } from "../../jobs/results.ts";
import type { QueueContext } from "../queue_context.ts";
import { asciiJson } from "../producer/job_message.ts";
import { provisionRecords } from "../provision.ts";
import { tokenOf } from "../subjects.ts";
import type { Deadline } from "../transport/deadline.ts";
import { isObject } from "../transport/json.ts";
import { reply } from "../transport/jetstream_api.ts";
import { findMessage, textIn } from "../transport/stored_message.ts";

/** What is needed of a job to keep its outcome. */
interface Kept {
  readonly id: string;
  readonly named: boolean;
  readonly lease?: Deadline;
}

/** The outcomes of jobs, kept on the servers. */
export class KeptResults {
  readonly #context: QueueContext;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  /**
   * Whether the outcome of a job is kept: it was put with an id, or has an outcome
   * other than just done.
   */
  isKept({ named }: Kept, outcome: Outcome): boolean {
    if (this.#context.settings.keepDone <= 0) return false;
    return named || outcome.state !== "done" || outcome.result !== undefined;
  }

  /** Keeps the outcome of a job. */
  async keep({ id, lease }: Kept, outcome: Outcome): Promise<void> {
    const { connection, subjects, settings } = this.#context;
    if (settings.keepDone <= 0) return;
    const subject = subjects.result(await tokenOf(id));
    const request = { asked: "a result", subject, data: asciiJson(outcome) };
    await reply(connection, request, {
      deadline: lease,
      onNoResponders: () =>
        provisionRecords(this.#context, "results", { deadline: lease }),
    });
  }

  async find(id: string, options?: WaitOptions): Promise<Outcome | undefined> {
    const { connection, subjects } = this.#context;
    const found = await findMessage(
      connection,
      subjects.results,
      { last_by_subj: subjects.result(await tokenOf(id)) },
      { ...options, doubt: 0 },
    );
    // The servers drop old outcomes late.
    const age = found && Date.now() - Date.parse(found.time);
    if (found === undefined || age! > this.#context.settings.keepDone) {
      return undefined;
    }
    try {
      const outcome = JSON.parse(textIn(found));
      return isOutcome(outcome) ? outcome : undefined;
    } catch {
      return undefined; // written by something else
    }
  }
}

/** Whether what was read is an outcome: another program may have written it. */
export function isOutcome(value: unknown): value is Outcome {
  if (!isObject(value)) return false;
  const { state, result, reason } = value;
  if (state === "done") return result === undefined || isText(result);
  return state === "cancelled" || (state === "dead" && isText(reason));
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
