/** @module */
import type { EventLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { Msg } from "../transport/client.ts";
import { nanoseconds } from "../transport/jetstream_api.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";

/** How long the servers keep a request for jobs, in milliseconds. */
const EXPIRES = 3000;

/** How much later it counts as lost, if the servers say nothing. */
const GRACE = 1000;

/** A request that is not kept is answered by then. */
const AT_ONCE = 2000;

/** A request for `left` more jobs. */
interface Pull {
  left: number;
  readonly alarm: TimerHandle;
  /** Whether it waits for jobs that are to come. */
  readonly kept: boolean;
  readonly started: number;
  /** How many jobs it has brought. */
  brought: number;
}

/** How a request has ended. */
export type PullEnd =
  /** All jobs have come. */
  | "filled"
  /** Its time is up, or there are no jobs now. */
  | "empty"
  /** It was lost, or refused: is the consumer still there? */
  | "refused";

/** What a consumer reports. */
export interface PullEvents {
  ended(how: PullEnd, kept: boolean): void;
}

/** Requests for the jobs of one consumer. */
export class PullConsumer {
  readonly #connection: ReconnectingConnection;
  readonly #loop: EventLoop;
  readonly #subject: string;
  readonly #inbox: string;
  readonly #events: PullEvents;
  /** Oldest first; jobs do not say which request they are for. */
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

  /** How many jobs are asked for, and have not come. */
  get asked(): number {
    return this.#asked;
  }

  /** Asks for `batch` jobs; for those that are there now, unless `kept`. */
  pull(batch: number, kept: boolean): void {
    const number = this.#numbers++;
    const alarm = this.#loop.callLater(
      kept ? EXPIRES + GRACE : AT_ONCE,
      () => this.#end(number, "refused"),
    );
    const started = this.#loop.time();
    this.#pulls.set(number, { left: batch, alarm, kept, started, brought: 0 });
    this.#asked += batch;
    const request = kept
      ? { batch, expires: nanoseconds(EXPIRES) }
      : { batch, no_wait: true };
    this.#connection.publish(this.#subject, JSON.stringify(request), {
      reply: `${this.#inbox}.${number}`,
    });
  }

  /** A job has come. */
  arrived(): void {
    this.#take(1);
  }

  /** The servers say something about request `number`. */
  told(number: number, { headers }: Msg): void {
    const pull = this.#pulls.get(number);
    const status = headers?.code;
    if (pull === undefined || status === 100) return;
    const left = headers?.get("Nats-Pending-Messages") || undefined;
    // Others may have been counted for this request: they are for the next ones.
    const missing = left === undefined ? 0 : Number(left) - pull.left;
    const early = pull.kept && pull.brought === 0 &&
      this.#loop.time() - pull.started < EXPIRES / 2;
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

  /** Forgets all requests: the connection that they were made through is gone. */
  clear(): void {
    for (const { alarm } of this.#pulls.values()) alarm.cancel();
    this.#pulls.clear();
    this.#asked = 0;
  }
}
