/** Which process holds which job. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import type { QueueContext } from "../queue_context.ts";
import type { HeldJobs } from "../consumer/held_jobs.ts";
import { asciiJson } from "../producer/job_message.ts";
import type { Msg } from "../transport/client.ts";
import { isObject, jsonIn, objectIn } from "../transport/json.ts";
import { roomBeside } from "./room.ts";

/** A job that a process holds. */
export interface Claim {
  readonly seq: number;
  readonly key: string;
  readonly id: string;
  readonly attempt: number;
  readonly progress?: string | undefined;
  /** Whether the job waits there for a worker. */
  readonly waiting?: boolean;
}

/** A request to all processes of a queue. */
interface HolderRequest {
  /** The key of a job to cancel; without it, processes reply with their claims. */
  cancel?: string;
}

/** How long the replies of other processes are waited for, in milliseconds. */
export const REPLY_TIMEOUT_MS = 300;

/** How often a cancel is sent until its holder replies. */
const TRIES = 3;

/** Finds out which process holds which job, and replies for this one. */
export class Holders {
  readonly #context: QueueContext;
  readonly #jobs: HeldJobs;
  readonly #isWaiting: (seq: number) => boolean;

  /** @param isWaiting Whether a job that is held here waits for a worker. */
  constructor(
    context: QueueContext,
    jobs: HeldJobs,
    isWaiting: (seq: number) => boolean,
  ) {
    this.#context = context;
    this.#jobs = jobs;
    this.#isWaiting = isWaiting;
    const { connection, subjects } = context;
    connection.subscribe(subjects.holders, (message) => this.#answer(message));
  }

  #answer(message: Msg): void {
    const { cancel } = objectIn(message);
    if (typeof cancel === "string") return this.#cancel(cancel, message);
    const room = roomBeside(this.#context.connection, "");
    let texts: string[] = [];
    let length = 0;
    const send = () => {
      if (texts.length > 0) message.respond(`[${texts.join()}]`);
      texts = [];
      length = 0;
    };
    for (const claim of this.#claims()) {
      const text = asciiJson(claim);
      if (length + text.length >= room) send();
      texts.push(text);
      length += text.length + 1;
    }
    send();
  }

  #cancel(key: string, message: Msg): void {
    for (const [sequence, { delivery }] of this.#jobs.held) {
      if (delivery.key !== key) continue;
      this.#jobs.lose(sequence, "cancelled");
      message.respond("[]");
    }
  }

  #claims(): Claim[] {
    const claims: Claim[] = [];
    for (const [seq, job] of this.#jobs.held) {
      const { id, attempt, progress, state, delivery } = job;
      if (state !== "leased") continue;
      const waiting = this.#isWaiting(seq);
      const claim = { seq, key: delivery.key, id, attempt, waiting };
      claims.push(progress === undefined ? claim : { ...claim, progress });
    }
    return claims;
  }

  /** Resolves to all held jobs, by their numbers; `expected` of them, at most. */
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

  /** Cancels a job at its holder. */
  async cancel(key: string, options?: WaitOptions): Promise<void> {
    let isConfirmed = false;
    for (let i = 0; i < TRIES && !isConfirmed; i++) {
      await this.#ask({ cancel: key }, () => isConfirmed = true, options);
    }
  }

  async #ask(
    request: HolderRequest,
    isEnough: (claims: Claim[]) => boolean,
    options?: WaitOptions,
  ): Promise<void> {
    const { connection, subjects } = this.#context;
    await connection.gather(subjects.holders, JSON.stringify(request), {
      signal: options?.signal,
      ms: REPLY_TIMEOUT_MS,
      enough: (message) => {
        const claims = jsonIn(message);
        return Array.isArray(claims) && isEnough(claims.filter(isClaim));
      },
    });
  }
}

/** Whether an entry of a reply is a claim: another program may have sent it. */
function isClaim(entry: unknown): entry is Claim {
  return isObject(entry) && typeof entry.seq === "number" &&
    typeof entry.key === "string" && typeof entry.id === "string" &&
    typeof entry.attempt === "number" &&
    (entry.progress === undefined || typeof entry.progress === "string");
}
