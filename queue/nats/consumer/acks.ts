/** @module */
import { detached } from "../../../tasks/kernel/context/detached.ts";
import type { Settings } from "../../jobs/settings.ts";
import { answered } from "../transport/jetstream_api.ts";
import { type Delivery, ID, MESSAGE_ID } from "./delivery.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";
import { nanoseconds } from "../transport/nanoseconds.ts";
import type { Subjects } from "../_subjects.ts";
import type { NatsJob } from "./nats_job.ts";
import type { DoneNotices } from "../producer/done_notices.ts";
import { ReleaseNotes } from "./release_notes.ts";

/** The headers of a dead letter. */
export const ATTEMPTS = "Jobs-Attempts", REASON = "Jobs-Reason";

/** Of a reason, so many characters are kept. */
const LONGEST_REASON = 500;

/**
 * Where jobs are settled. What is begun here is carried out, whoever waits for
 * it, and ends at `until`, when the job is not ours any more.
 */
export class Acks {
  readonly settings: Settings;
  readonly returns: ReleaseNotes;
  /** The jobs that are leased here, by their number, oldest lease first. */
  // deno-lint-ignore no-explicit-any -- the values are nobody's concern here
  readonly held: Map<number, NatsJob<any>> = new Map();
  readonly #link: ReconnectingConnection;
  readonly #names: Subjects;
  readonly #news: DoneNotices;
  readonly #begun = new Set<Promise<unknown>>();

  constructor(
    link: ReconnectingConnection,
    names: Subjects,
    news: DoneNotices,
    settings: Settings,
  ) {
    this.settings = settings;
    this.returns = new ReleaseNotes(link, names);
    this.#link = link;
    this.#names = names;
    this.#news = news;
  }

  /** What is under way. */
  get begun(): Promise<unknown>[] {
    return [...this.#begun];
  }

  /** Does `how` in no task. */
  begin<R>(how: () => Promise<R>): Promise<R> {
    const promise = detached(how);
    this.#begun.add(promise);
    const over = () => void this.#begun.delete(promise);
    promise.then(over, over);
    return promise;
  }

  /** Notes that `job` is leased here; one that had it before has lost it. */
  hold<T>({ sequence }: Delivery, job: NatsJob<T>): void {
    if (this.held.get(sequence) !== job) this.lose(sequence);
    this.held.delete(sequence);
    for (const [old, { state }] of this.held) {
      if (state === "leased") break;
      this.held.delete(old);
    }
    this.held.set(sequence, job);
  }

  /** It has come again: who had it here is too late. */
  lose(sequence: number): void {
    this.held.get(sequence)?.lose();
    this.held.delete(sequence);
  }

  /** When the lease of what has just come runs out. */
  until({ arrived }: Delivery): number {
    return arrived + this.settings.lease;
  }

  /** Takes the job out of the queue. */
  async finish(delivery: Delivery, until: number): Promise<void> {
    await this.#answer(delivery, "+ACK", until);
    this.#news.tell();
    if (delivery.note > 0) {
      this.begin(() => this.returns.forget(delivery)).catch(() => {});
    }
  }

  async extend(delivery: Delivery, until: number): Promise<void> {
    await this.#answer(delivery, "+WPI", until);
  }

  /** Gives it back, to be delivered again in `delay` milliseconds. */
  async giveBack(
    delivery: Delivery,
    delay: number,
    until: number,
  ): Promise<void> {
    const answer = delay > 0
      ? `-NAK ${JSON.stringify({ delay: nanoseconds(delay) })}`
      : "-NAK";
    await this.#answer(delivery, answer, until);
  }

  /** The same, as if it had not been taken. */
  async release(
    delivery: Delivery,
    delay: number,
    until: number,
  ): Promise<void> {
    if (!await this.returns.write(delivery, until)) return;
    await this.giveBack(delivery, delay, until);
  }

  /** First there is a dead letter, and then no job: never neither. */
  async bury(
    delivery: Delivery,
    attempts: number,
    reason: string,
    until: number,
  ): Promise<void> {
    const { id, data, key } = delivery;
    const headers = {
      [MESSAGE_ID]: key,
      [ID]: encodeURIComponent(id),
      [ATTEMPTS]: String(attempts),
      [REASON]: encodeURIComponent(
        reason.slice(0, LONGEST_REASON).toWellFormed(),
      ),
    };
    const subject = this.#names.letters;
    const question = { asked: "a dead letter", subject, data };
    await answered(this.#link, question, { headers, until });
    await this.finish(delivery, until);
  }

  async #answer(
    { answerTo }: Delivery,
    answer: string,
    until: number,
  ): Promise<void> {
    await this.#link.ask(answerTo, answer, { until });
  }
}
