/** Waits for the replies to requests. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../../tasks/kernel/wait/waiter.ts";
import { errors, type Msg } from "./client.ts";

/** After how many milliseconds without a reply a request has failed. */
const REPLY_TIMEOUT = 2000;

/** How often requests without a reply are looked for, in milliseconds. */
const SWEEP = 500;

/**
 * In how many intervals the time for several replies is measured. They are counted,
 * not time: if this process was stopped, replies wait in its socket.
 */
const INTERVALS = 10;

/** What a request leads to: one of its methods is called, once. */
export interface ReplyListener {
  /** The subject of the request. */
  readonly subject: string;
  replied(reply: Msg): void;
  /** Called if there is no reply in time, or will be none. */
  failed(error: unknown): void;
}

/** A request without a reply. */
interface Pending {
  readonly listener: ReplyListener;
  /** After how many sweeps the request has failed. */
  sweeps: number;
  /** The timer of a request that fails sooner. */
  readonly late: TimerHandle | undefined;
}

/** A wait for the reply to a request. */
class ReplyWaiter extends ExternalWaiter<Msg> implements ReplyListener {
  readonly what = "NATS";
  readonly subject: string;
  readonly #replies: Replies;
  /** The number of the request. */
  number = -1;

  constructor(subject: string, replies: Replies, options: WaitOptions) {
    super(options);
    this.subject = subject;
    this.#replies = replies;
  }

  replied(reply: Msg): void {
    this.wake(reply);
  }

  failed(error: unknown): void {
    this.fail(error);
  }

  protected override leave(): void {
    super.leave();
    this.#replies.forget(this.number);
  }
}

/** A wait for several replies. */
class GatheringWaiter extends ExternalWaiter<boolean> {
  readonly what = "NATS";
  readonly #ended: () => void;

  /** @param ended Called when the wait has ended. */
  constructor(ended: () => void, options: WaitOptions) {
    super(options);
    this.#ended = ended;
  }

  protected override leave(): void {
    super.leave();
    this.#ended();
  }
}

/** A request to all processes, whose replies are collected. */
interface Gathering {
  readonly waiter: GatheringWaiter;
  readonly enough: (reply: Msg) => boolean;
}

/** The replies to the requests of one connection. */
export class Replies {
  /** The prefix of the subjects on which replies arrive. */
  readonly inbox: string = `_INBOX.${crypto.randomUUID()}`;
  /** By the numbers of the requests. */
  readonly #pending = new Map<number, Pending>();
  readonly #gathering = new Map<number, Gathering>();
  readonly #loop = getRunningLoop();
  #sweeper: TimerHandle | undefined = undefined;
  #numbers = 0;

  /**
   * Waits for the reply to a request, at most `ms` milliseconds.
   *
   * @param send Sends the request, with the subject for its reply. If it throws, the
   * wait rejects with that error.
   */
  wait(
    subject: string,
    send: (reply: string) => void,
    { ms, ...options }: WaitOptions & { ms: number },
  ): Promise<Msg> {
    const waiter = new ReplyWaiter(subject, this, options);
    waiter.number = this.listen(waiter, ms);
    try {
      send(this.subjectOf(waiter.number));
    } catch (error) {
      waiter.fail(error);
    }
    return waiter.promise;
  }

  /**
   * Calls `listener` when the reply to a request has come, or if none comes within
   * `ms` milliseconds.
   *
   * @returns The number of the request.
   */
  listen(listener: ReplyListener, ms: number): number {
    const number = this.#numbers++;
    const late = ms < REPLY_TIMEOUT
      ? this.#loop.callLater(ms, () => this.#timeOut(number))
      : undefined;
    const sweeps = REPLY_TIMEOUT / SWEEP;
    this.#pending.set(number, { listener, sweeps, late });
    this.#sweeper ??= this.#loop.callLater(SWEEP, () => this.#sweep());
    return number;
  }

  /** The subject for the reply to request `number`. */
  subjectOf(number: number): string {
    return `${this.inbox}.${number}`;
  }

  /** Ignores the reply to request `number`, if it still comes. */
  forget(number: number): Pending | undefined {
    const pending = this.#pending.get(number);
    if (pending === undefined) return undefined;
    this.#pending.delete(number);
    pending.late?.cancel();
    return pending;
  }

  #timeOut(number: number): void {
    this.forget(number)?.listener.failed(new errors.TimeoutError());
  }

  /**
   * Collects replies for `ms` milliseconds, or until `enough` returns `true`.
   *
   * @param send Sends the request, with the subject for its replies.
   * @returns `false` if that was interrupted.
   */
  gather(
    send: (reply: string) => void,
    { ms, enough, ...options }: WaitOptions & {
      ms: number;
      enough: (reply: Msg) => boolean;
    },
  ): Promise<boolean> {
    const number = this.#numbers++;
    let timer: TimerHandle;
    const waiter = new GatheringWaiter(() => {
      timer.cancel();
      this.#gathering.delete(number);
    }, options);
    const plan = (left: number): void => {
      timer = this.#loop.callLater(
        ms / INTERVALS,
        () => left > 1 ? plan(left - 1) : waiter.wake(true),
      );
    };
    plan(INTERVALS);
    this.#gathering.set(number, { waiter, enough });
    send(this.subjectOf(number));
    return waiter.promise;
  }

  /** Ends the wait for a reply that has arrived. */
  received(reply: Msg): void {
    const number = Number(reply.subject.slice(this.inbox.length + 1));
    const pending = this.forget(number);
    if (pending === undefined) return this.#collect(number, reply);
    const { listener } = pending;
    if (!isNoResponders(reply)) listener.replied(reply);
    else listener.failed(new errors.NoRespondersError(listener.subject));
  }

  #collect(number: number, reply: Msg): void {
    const gathering = this.#gathering.get(number);
    if (gathering === undefined) return; // it was given up
    const { waiter, enough } = gathering;
    if (isNoResponders(reply) || enough(reply)) waiter.wake(true);
  }

  /** Ends all waits for several replies: those may be lost. */
  interrupt(): void {
    for (const { waiter } of [...this.#gathering.values()]) waiter.wake(false);
  }

  /** Lets requests fail with `error`: all, or those about one subject. */
  failAll(error: unknown, subject?: string): void {
    for (const [number, { listener }] of [...this.#pending]) {
      if (subject !== undefined && subject !== listener.subject) continue;
      this.forget(number)?.listener.failed(error);
    }
  }

  /** Ends all waits with `error`. */
  close(error: unknown): void {
    this.#sweeper?.cancel();
    this.failAll(error);
    for (const { waiter } of [...this.#gathering.values()]) waiter.fail(error);
  }

  /** Ends waits without a reply: one timer for all, as most are answered. */
  #sweep(): void {
    this.#sweeper = undefined;
    for (const [number, pending] of [...this.#pending]) {
      if (--pending.sweeps < 0) this.#timeOut(number);
    }
    if (this.#pending.size === 0) return;
    this.#sweeper ??= this.#loop.callLater(SWEEP, () => this.#sweep());
  }
}

function isNoResponders({ data, headers }: Msg): boolean {
  return data.length === 0 && headers?.code === 503;
}
