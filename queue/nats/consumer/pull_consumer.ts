/** Requests for the jobs of one consumer. @module */
import type { EventLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { Msg } from "../transport/client.ts";
import { nanoseconds } from "../transport/jetstream_api.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";

/** How long the servers keep a request for jobs, in milliseconds. */
export const EXPIRES = 3000;

/** How much later a kept request without an answer is lost, in milliseconds. */
const GRACE = 1000;

/** When a request that is not kept is lost, in milliseconds. */
const ANSWER_TIMEOUT = 2000;

/** A request for `left` more jobs. */
interface Pull {
  left: number;
  readonly alarm: TimerHandle;
  /** For how many milliseconds the servers keep the request; 0 if they do not. */
  readonly kept: number;
  readonly started: number;
  /** How many jobs have come for the request. */
  brought: number;
}

/** How a request has ended. */
export type PullEnd =
  /** All jobs have come. */
  | "filled"
  /** Its time is up, or there are no jobs now. */
  | "empty"
  /** It was lost or refused: the consumer may be gone. */
  | "refused";

/** What a consumer reports. */
export interface PullEvents {
  /** @param kept For how many milliseconds the servers have kept the request. */
  ended(how: PullEnd, kept: number): void;
}

/** Requests for the jobs of one consumer. */
export class PullConsumer {
  readonly #connection: ReconnectingConnection;
  readonly #loop: EventLoop;
  readonly #subject: string;
  readonly #inbox: string;
  readonly #events: PullEvents;
  /** Oldest first. Jobs are counted for the oldest request. */
  readonly #pulls = new Map<number, Pull>();
  #asked = 0;
  #numbers = 0;

  constructor(
    { connection, loop, subject, inbox }: {
      connection: ReconnectingConnection;
      loop: EventLoop;
      subject: string;
      inbox: string;
    },
    events: PullEvents,
  ) {
    this.#connection = connection;
    this.#loop = loop;
    this.#subject = subject;
    this.#inbox = inbox;
    this.#events = events;
  }

  /** How many jobs were asked for and have not come. */
  get asked(): number {
    return this.#asked;
  }

  /**
   * Asks for `batch` jobs.
   *
   * @param kept For how many milliseconds the servers keep the request until there
   * are jobs; if it is 0, the request is for those that are there now.
   */
  pull(batch: number, kept: number): void {
    const number = this.#numbers++;
    const alarm = this.#loop.callLater(
      kept > 0 ? kept + GRACE : ANSWER_TIMEOUT,
      () => this.#end(number, "refused"),
    );
    const started = this.#loop.time();
    this.#pulls.set(number, { left: batch, alarm, kept, started, brought: 0 });
    this.#asked += batch;
    const request = kept > 0
      ? { batch, expires: nanoseconds(kept) }
      : { batch, no_wait: true };
    this.#connection.publish(this.#subject, JSON.stringify(request), {
      reply: `${this.#inbox}.${number}`,
    });
  }

  /** Counts a job that has come. */
  arrived(): void {
    this.#take(1);
  }

  /** Reads a status message about request `number`. */
  statusReceived(number: number, { headers }: Msg): void {
    const pull = this.#pulls.get(number);
    const status = headers?.code;
    if (pull === undefined || status === 100) return;
    const left = headers?.get("Nats-Pending-Messages") || undefined;
    // Jobs of later requests may have been counted for this one.
    const missing = left === undefined ? 0 : Number(left) - pull.left;
    const early = pull.kept > 0 && pull.brought === 0 &&
      this.#loop.time() - pull.started < pull.kept / 2;
    const isOver = status === 408 || status === 404;
    this.#end(number, isOver && !early ? "empty" : "refused");
    if (missing > 0) this.#take(missing);
  }

  /** Counts `count` jobs as arrived, for the oldest requests. */
  #take(count: number): void {
    for (const [number, pull] of this.#pulls) {
      if (count === 0) return;
      const taken = Math.min(count, pull.left);
      count -= taken;
      pull.left -= taken;
      pull.brought += taken;
      this.#asked -= taken;
      if (pull.left === 0) this.#end(number, "filled");
    }
  }

  #end(number: number, how: PullEnd): void {
    const pull = this.#pulls.get(number);
    if (pull === undefined) return;
    this.#asked -= pull.left;
    pull.alarm.cancel();
    this.#pulls.delete(number);
    this.#events.ended(how, pull.kept);
  }

  /** Forgets all requests: their connection is lost. */
  clear(): void {
    for (const { alarm } of this.#pulls.values()) alarm.cancel();
    this.#pulls.clear();
    this.#asked = 0;
  }
}
