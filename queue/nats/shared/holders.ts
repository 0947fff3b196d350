/** @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import type { QueueContext } from "../queue_context.ts";
import type { Acks } from "../consumer/acks.ts";
import type { Msg } from "../transport/client.ts";

/** A job that a process holds. */
export interface Claim {
  readonly seq: number;
  readonly key: string;
  readonly id: string;
  readonly attempt: number;
  readonly progress?: string | undefined;
  /** Whether it waits there for a worker. */
  readonly waiting?: boolean;
}

/** What the processes of a queue are asked. */
interface Question {
  /** The job that is cancelled; none to ask for all that are held. */
  cancel?: string;
}

/** So many claims go into one answer. */
const CHUNK = 500;

/** Processes that hold jobs answer by then, in milliseconds. */
const PATIENCE = 300;

/** How often a holder is told that its job is cancelled. */
const TRIES = 3;

/** Which process holds which job: each is asked, and answers for itself. */
export class Holders {
  readonly #context: QueueContext;
  readonly #acks: Acks;
  readonly #isWaiting: (seq: number) => boolean;

  /** @param isWaiting Whether a job that is held here waits for a worker. */
  constructor(
    context: QueueContext,
    acks: Acks,
    isWaiting: (seq: number) => boolean,
  ) {
    this.#context = context;
    this.#acks = acks;
    this.#isWaiting = isWaiting;
    const { connection, subjects } = context;
    connection.subscribe(subjects.holders, (message) => this.#answer(message));
  }

  #answer(message: Msg): void {
    const { cancel } = message.json<Question>();
    if (cancel !== undefined) return this.#cancel(cancel, message);
    const claims = this.#claims();
    for (let at = 0; at < claims.length; at += CHUNK) {
      message.respond(JSON.stringify(claims.slice(at, at + CHUNK)));
    }
  }

  #cancel(key: string, message: Msg): void {
    for (const [sequence, { delivery }] of this.#acks.held) {
      if (delivery.key !== key) continue;
      this.#acks.lose(sequence, "cancelled");
      message.respond("[]");
    }
  }

  #claims(): Claim[] {
    const claims: Claim[] = [];
    for (const [seq, job] of this.#acks.held) {
      const { id, attempt, progress, state, delivery } = job;
      if (state !== "leased") continue;
      const waiting = this.#isWaiting(seq);
      const claim = { seq, key: delivery.key, id, attempt, waiting };
      claims.push(progress === undefined ? claim : { ...claim, progress });
    }
    return claims;
  }

  /** All jobs that are held; there are `expected` of them, at most. */
  async all(
    expected: number,
    options?: WaitOptions,
  ): Promise<Map<number, Claim>> {
    const all = new Map<number, Claim>();
    if (expected <= 0) return all;
    await this.#ask({}, (claims) => {
      for (const claim of claims) all.set(claim.seq, claim);
      return all.size >= expected;
    }, options);
    return all;
  }

  /** Lets the holder of a job know that it is cancelled. */
  async cancel(key: string, options?: WaitOptions): Promise<void> {
    let known = false;
    for (let i = 0; i < TRIES && !known; i++) {
      await this.#ask({ cancel: key }, () => known = true, options);
    }
  }

  async #ask(
    question: Question,
    heard: (claims: Claim[]) => boolean,
    options?: WaitOptions,
  ): Promise<void> {
    const { connection, subjects } = this.#context;
    await connection.gather(subjects.holders, JSON.stringify(question), {
      signal: options?.signal,
      ms: PATIENCE,
      enough: (message) => {
        const claims = message.json<Claim[]>();
        return Array.isArray(claims) && heard(claims);
      },
    });
  }
}
