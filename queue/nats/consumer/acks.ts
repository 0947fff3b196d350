/** Settling jobs on the servers. @module */
import { detached } from "../../../tasks/kernel/context/detached.ts";
import { checkpointIfCancelled } from "../../../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../../../tasks/kernel/wait/wait_queue.ts";
import { keptReason } from "../../jobs/codec.ts";
import type { Outcome } from "../../jobs/results.ts";
import type { QueueContext } from "../queue_context.ts";
import type { DoneNotices } from "../producer/done_notices.ts";
import {
  type JobMeta,
  MESSAGE_ID,
  META,
  writtenMeta,
} from "../producer/job_message.ts";
import type { Line } from "../subjects.ts";
import type { Deadline } from "../transport/deadline.ts";
import type { ReplyListener } from "../transport/replies.ts";
import { dataIn, type StoredMessage } from "../transport/stored_message.ts";
import type { KeptResults } from "../shared/kept_results.ts";
import { nanoseconds, reply } from "../transport/jetstream_api.ts";
import type { Delivery } from "./delivery.ts";
import { HeldJobs } from "./held_jobs.ts";
import { ReleaseNotes, type Return } from "./release_notes.ts";

/** The headers of a dead letter. */
export const ATTEMPTS = "Jobs-Attempts", REASON = "Jobs-Reason";

/** The answer that takes a job out of the queue. */
const ACK = new TextEncoder().encode("+ACK");

/**
 * Settles jobs. A settlement that has begun is carried out, also if the wait for it
 * is given up. It ends with the lease: then the job may belong to another process.
 */
export class Acks {
  readonly notes: ReleaseNotes;
  readonly jobs: HeldJobs = new HeldJobs();
  readonly #context: QueueContext;
  readonly #notices: DoneNotices;
  readonly #results: KeptResults;
  /** How many settlements, and other work, are under way. */
  #underWay = 0;
  readonly #idle = new WaitQueue<void>("Jobs.close", { external: true });

  constructor(
    context: QueueContext,
    notices: DoneNotices,
    results: KeptResults,
  ) {
    this.notes = new ReleaseNotes(context);
    this.#context = context;
    this.#notices = notices;
    this.#results = results;
    this.jobs.ending.onHandedOut = ({ replyTo }) =>
      context.connection.repeat(replyTo);
    this.jobs.onRenewed = (delivery) =>
      this.inBackground(() => this.#noteRenewed(delivery));
  }

  /** Notes that a delivery was no attempt, in case this process does not go on. */
  async #noteRenewed(delivery: Delivery): Promise<void> {
    await this.notes.write(delivery, { delay: 0, attempt: true, held: true });
    if (this.jobs.done.has(delivery)) await this.notes.forget(delivery);
  }

  /** Waits until nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay > 0) {
      await (checkpointIfCancelled() ?? this.#idle.wait());
    }
  }

  /** Does `work` in no task. */
  begin<R>(work: () => Promise<R>): Promise<R> {
    const promise = detached(work);
    this.#underWay++;
    const over = () => this.ended();
    promise.then(over, over);
    return promise;
  }

  /**
   * Does `work` in no task. Its errors are ignored: a job that it fails to settle
   * comes again when its lease runs out.
   */
  inBackground(work: () => Promise<unknown>): void {
    this.begin(work).catch(() => {});
  }

  /** Whether the outcome of the job is kept when it is taken out of the queue. */
  isKept(delivery: Delivery, outcome: Outcome): boolean {
    return this.#results.isKept(delivery, outcome);
  }

  /** Takes the job out of the queue. */
  ack(delivery: Delivery, outcome: Outcome): Promise<void> {
    return this.jobs.ending.during(
      delivery,
      () => this.#ack(delivery, outcome),
    );
  }

  async #ack(delivery: Delivery, outcome: Outcome): Promise<void> {
    // The result is kept before the job is gone.
    if (this.isKept(delivery, outcome)) {
      await this.#results.keep(delivery, outcome);
    }
    this.jobs.done.add(delivery);
    try {
      await this.#settle(delivery, ACK);
    } catch (error) {
      this.jobs.done.delete(delivery);
      throw error;
    }
    this.acked(delivery, outcome);
  }

  /** Takes out a job that is done already. */
  ackAgain(delivery: Delivery): void {
    this.inBackground(() => this.#settle(delivery, ACK));
  }

  /**
   * Takes the job out of the queue in one message. `confirmation` gets the answer,
   * and then calls {@linkcode ended}.
   */
  send(delivery: Delivery, confirmation: ReplyListener): void {
    this.#underWay++;
    this.jobs.done.add(delivery);
    const options = { deadline: delivery.lease };
    this.#context.connection.ask(confirmation, ACK, options);
  }

  /** Called at the end of what was under way. */
  ended(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#idle.wakeAll();
  }

  /** Called when a job was taken out of the queue. */
  acked(delivery: Delivery, outcome: Outcome): void {
    this.#notices.notify(delivery.id, outcome);
    if (delivery.note > 0 || delivery.maybeNoted) {
      this.inBackground(() => this.notes.forget(delivery));
    }
    this.jobs.onGone?.(delivery);
  }

  /** Restarts the lease on the servers. */
  async working(delivery: Delivery): Promise<void> {
    await this.#settle(delivery, "+WPI");
  }

  /** Gives a job back, to be delivered again in `delay` milliseconds. */
  async nak(delivery: Delivery, how: Return): Promise<void> {
    const { delay } = how;
    if (await this.notes.write(delivery, how)) {
      const answer = delay > 0
        ? `-NAK ${JSON.stringify({ delay: nanoseconds(delay) })}`
        : "-NAK";
      await this.#settle(delivery, answer);
    }
    this.jobs.onGone?.(delivery);
  }

  /** Makes a dead letter of a job. If that fails halfway, there are both. */
  async deadLetter(
    delivery: Delivery,
    attempts: number,
    reason: string,
  ): Promise<void> {
    const { data, lease } = delivery;
    const kept = keptReason(reason);
    const letter = { attempts, reason: kept, lease };
    await this.jobs.ending.during(delivery, async () => {
      await this.#writeLetter(delivery, data, letter);
      await this.#ack(delivery, { state: "dead", reason: kept });
    });
  }

  /** Stores a dead letter for a job that was not begun; the job stays. */
  async bury(
    job: JobMeta & { key: string; line: Line },
    message: StoredMessage,
    reason: string,
  ): Promise<void> {
    await this.#writeLetter(job, dataIn(message), { attempts: 0, reason });
  }

  async #writeLetter(
    job: JobMeta & { key: string; line: Line },
    data: Uint8Array,
    { attempts, reason, lease }: {
      attempts: number;
      reason: string;
      lease?: Deadline;
    },
  ): Promise<void> {
    const { connection, subjects } = this.#context;
    const { key, line } = job;
    const meta = { ...job, due: 0, expires: Infinity };
    const headers = {
      [MESSAGE_ID]: key,
      [META]: writtenMeta({ ...meta, priority: line.priority }, key)!,
      [ATTEMPTS]: String(attempts),
      [REASON]: encodeURIComponent(reason),
    };
    const request = { asked: "a dead letter", subject: subjects.letters, data };
    await reply(connection, request, { headers, deadline: lease });
  }

  #settle(
    { replyTo, lease }: Delivery,
    answer: Uint8Array | string,
  ): Promise<unknown> {
    const options = { deadline: lease };
    return this.#context.connection.request(replyTo, answer, options);
  }
}
