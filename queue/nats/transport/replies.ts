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
  /** The subject of the reply. */
  reply = "";

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
    this.#replies.forget(this.reply);
  }
}

/** A wait for several replies. */
class GatheringWaiter extends ExternalWaiter<void> {
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
  readonly #pending = new Map<string, Pending>();
  readonly #gathering = new Map<string, Gathering>();
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
    const reply = waiter.reply = this.listen(waiter, ms);
    try {
      send(reply);
    } catch (error) {
      waiter.fail(error);
    }
    return waiter.promise;
  }

  /**
   * Calls `listener` when the reply to a request has come, or if none comes within
   * `ms` milliseconds.
   *
   * @returns The subject for the reply.
   */
  listen(listener: ReplyListener, ms: number): string {
    const reply = this.#newSubject();
    const late = ms < REPLY_TIMEOUT
      ? this.#loop.callLater(ms, () => this.#timeOut(reply))
      : undefined;
    const sweeps = REPLY_TIMEOUT / SWEEP;
    this.#pending.set(reply, { listener, sweeps, late });
    this.#sweeper ??= this.#loop.callLater(SWEEP, () => this.#sweep());
    return reply;
  }

  /** Ignores the reply on subject `reply`, if it still comes. */
  forget(reply: string): Pending | undefined {
    const pending = this.#pending.get(reply);
    if (pending === undefined) return undefined;
    this.#pending.delete(reply);
    pending.late?.cancel();
    return pending;
  }

  #timeOut(reply: string): void {
    this.forget(reply)?.listener.failed(new errors.TimeoutError());
  }

  /**
   * Collects replies for `ms` milliseconds, or until `enough` returns `true`.
   *
   * @param send Sends the request, with the subject for its replies.
   */
  gather(
    send: (reply: string) => void,
    { ms, enough, ...options }: WaitOptions & {
      ms: number;
      enough: (reply: Msg) => boolean;
    },
  ): Promise<void> {
    const reply = this.#newSubject();
    const waiter = new GatheringWaiter(() => {
      late.cancel();
      this.#gathering.delete(reply);
    }, options);
    const late = this.#loop.callLater(ms, () => waiter.wake());
    this.#gathering.set(reply, { waiter, enough });
    send(reply);
    return waiter.promise;
  }

  #newSubject(): string {
    return `${this.inbox}.${this.#numbers++}`;
  }

  /** Ends the wait for a reply that has arrived. */
  received(reply: Msg): void {
    const { subject } = reply;
    const pending = this.forget(subject);
    if (pending === undefined) return this.#collect(reply);
    const { listener } = pending;
    if (!isNoResponders(reply)) listener.replied(reply);
    else listener.failed(new errors.NoRespondersError(listener.subject));
  }

  #collect(reply: Msg): void {
    const gathering = this.#gathering.get(reply.subject);
    if (gathering === undefined) return; // it was given up
    const { waiter, enough } = gathering;
    if (isNoResponders(reply) || enough(reply)) waiter.wake();
  }

  /** Lets requests fail with `error`: all, or those about one subject. */
  failAll(error: unknown, subject?: string): void {
    for (const [reply, { listener }] of [...this.#pending]) {
      if (subject !== undefined && subject !== listener.subject) continue;
      this.forget(reply)?.listener.failed(error);
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
    for (const [reply, pending] of [...this.#pending]) {
      if (--pending.sweeps < 0) this.#timeOut(reply);
    }
    if (this.#pending.size === 0) return;
    this.#sweeper ??= this.#loop.callLater(SWEEP, () => this.#sweep());
  }
}

function isNoResponders({ data, headers }: Msg): boolean {
  return data.length === 0 && headers?.code === 503;
}
