/** Ids that are taken until their job is done. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import type { QueueContext } from "../queue_context.ts";
import type { SharedState } from "../shared/shared_state.ts";
import { tokenOf } from "../subjects.ts";
import { findMessage, storedHeaders } from "../transport/stored_message.ts";
import { MESSAGE_ID } from "./job_message.ts";

/** The claim of a job on an id. */
interface Claim {
  /** The id of its message. */
  readonly message: string;
  /** Its number in the stream; 0 while it is being put. */
  readonly seq: number;
  /** When, by `Date.now()`, the claim was made; 0 if the put was given up. */
  readonly at: number;
}

/** After how many milliseconds a claim without a job is void. */
const ABANDONED = 10_000;

/** The pause before a claim without a job is looked at again, in milliseconds. */
const PAUSE = 20;

/**
 * The ids that are taken until their job is done. A claim is valid as long as its
 * job is in the stream, so it need not be removed.
 *
 * If a put is given up, its job may still arrive. So its claim stays, void,
 * with the id of the message: the next put of the id publishes the same message,
 * which the servers store once.
 */
export class UniqueIds {
  readonly #context: QueueContext;
  readonly #state: SharedState;
  readonly #begin: (work: () => Promise<void>) => void;

  /** @param begin Does work in no task; its errors are ignored. */
  constructor(
    context: QueueContext,
    state: SharedState,
    begin: (work: () => Promise<void>) => void,
  ) {
    this.#context = context;
    this.#state = state;
    this.#begin = begin;
  }

  /**
   * Claims `id`, and calls `put` to publish the message with a given id. Does
   * nothing, and resolves to `false`, if a job with the id is there.
   */
  async put(
    id: string,
    put: (messageId: string) => Promise<number>,
    options?: WaitOptions,
  ): Promise<boolean> {
    const token = await tokenOf(id);
    const subject = this.#context.subjects.shared("unique", token);
    for (;;) {
      const { value, seq } = await this.#state.read<Claim>(subject, options);
      if (value !== undefined && await this.#isValid(value, options)) {
        if (value.seq > 0) return false;
        await this.#context.connection.pause(PAUSE, options);
        continue;
      }
      const given = value?.seq === 0 ? value.message : undefined;
      const message = given ?? crypto.randomUUID();
      const claim = { message, seq: 0, at: Date.now() };
      const stored = await this.#putAs(claim, seq, { subject, put, options });
      if (stored === undefined) continue; // another claim came before
      // The message of an earlier put may have arrived, and its job may be done.
      if (given === undefined || await this.#isValid(stored, options)) {
        return true;
      }
    }
  }

  /** The number of the unfinished job that has claimed `id`, if there is one. */
  async find(id: string, options?: WaitOptions): Promise<number | undefined> {
    const subject = this.#context.subjects.shared("unique", await tokenOf(id));
    const { value } = await this.#state.read<Claim>(subject, options);
    const isThere = value !== undefined && value.seq > 0 &&
      await this.#isValid(value, options);
    return isThere ? value.seq : undefined;
  }

  /** Resolves to `undefined` if there is a newer claim than number `before`. */
  async #putAs(
    claim: Claim,
    before: number,
    { subject, put, options }: {
      subject: string;
      put: (messageId: string) => Promise<number>;
      options: WaitOptions | undefined;
    },
  ): Promise<Claim | undefined> {
    try {
      const made = await this.#state.write(subject, claim, before, options);
      if (made === 0) return undefined;
      const stored = { ...claim, seq: await put(claim.message) };
      await this.#state.write(subject, stored, made, options);
      return stored;
    } catch (error) {
      this.#begin(() => this.#makeVoid(subject, claim));
      throw error;
    }
  }

  async #makeVoid(subject: string, { message }: Claim): Promise<void> {
    await this.#state.update<Claim>(
      subject,
      (claim) =>
        claim?.message === message && claim.seq === 0
          ? { ...claim, at: 0 }
          : undefined,
    );
  }

  async #isValid(
    { message, seq, at }: Claim,
    options?: WaitOptions,
  ): Promise<boolean> {
    if (seq === 0) return Date.now() - at < ABANDONED;
    const { connection, subjects } = this.#context;
    const { jobs } = subjects;
    const found = await findMessage(connection, jobs, { seq }, options);
    return found !== undefined && storedHeaders(found)(MESSAGE_ID) === message;
  }
}
