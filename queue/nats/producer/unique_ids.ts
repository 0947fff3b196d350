/** Ids that are taken until their job is done. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import type { QueueContext } from "../queue_context.ts";
import type { SharedState } from "../shared/shared_state.ts";
import { tokenOf } from "../subjects.ts";
import { findMessage, headersIn } from "../transport/stored_message.ts";
import { MESSAGE_ID } from "./job_message.ts";

/** The claim of a job on an id. */
interface Claim {
  /** The id of its message. */
  readonly message: string;
  /** Its number in the stream; 0 while it is being put. */
  readonly seq: number;
  /** When, by `Date.now()`, the claim was made. */
  readonly at: number;
}

/** After how many milliseconds a claim without a job is void. */
const ABANDONED = 10_000;

/** The pause before a claim without a job is looked at again, in milliseconds. */
const PAUSE = 20;

/**
 * The ids that are taken until their job is done. A claim is valid as long as its
 * job is in the stream, so it need not be removed.
 */
export class UniqueIds {
  readonly #context: QueueContext;
  readonly #state: SharedState;

  constructor(context: QueueContext, state: SharedState) {
    this.#context = context;
    this.#state = state;
  }

  /**
   * Claims `id` for the message with `messageId`, and calls `put` to publish that.
   * Does nothing if a job with the id is there.
   */
  async put(
    id: string,
    messageId: string,
    put: () => Promise<number>,
    options?: WaitOptions,
  ): Promise<void> {
    const token = await tokenOf(id);
    const subject = this.#context.subjects.shared("unique", token);
    for (;;) {
      const { value, seq } = await this.#state.read<Claim>(subject, options);
      if (value !== undefined && await this.#isValid(value, options)) {
        if (value.seq > 0) return;
        await this.#context.connection.pause(PAUSE, options);
        continue;
      }
      const claim = { message: messageId, seq: 0, at: Date.now() };
      const made = await this.#state.write(subject, claim, seq, options);
      if (made === 0) continue; // another claim came before
      try {
        const stored = { ...claim, seq: await put() };
        await this.#state.write(subject, stored, made, options);
      } catch (error) {
        await this.#state.remove(made).catch(() => {});
        throw error;
      }
      return;
    }
  }

  async #isValid(
    { message, seq, at }: Claim,
    options?: WaitOptions,
  ): Promise<boolean> {
    if (seq === 0) return Date.now() - at < ABANDONED;
    const { connection, subjects } = this.#context;
    const { jobs } = subjects;
    const found = await findMessage(connection, jobs, { seq }, options);
    return found !== undefined && headersIn(found)(MESSAGE_ID) === message;
  }
}
