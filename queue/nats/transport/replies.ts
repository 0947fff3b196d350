/** Waits for the replies to requests. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../../tasks/kernel/wait/waiter.ts";
import { errors, type Msg } from "./client.ts";

/** After how many milliseconds without a reply a request is sent again. */
const REPLY_TIMEOUT = 2000;

/** How often requests without a reply are looked for, in milliseconds. */
const SWEEP = 500;

/** A wait for a reply, or for several. */
class ReplyWaiter<T> extends ExternalWaiter<T> {
  readonly what = "NATS";
  /** Called when the wait has ended. */
  readonly #ended: () => void;

  constructor(ended: () => void, options: WaitOptions) {
    super(options);
    this.#ended = ended;
  }

  protected override leave(): void {
    super.leave();
    this.#ended();
  }
}

/** A request that waits for its reply. */
class Pending extends ReplyWaiter<Msg> {
  readonly subject: string;
  /** After how many sweeps the request has failed. */
  sweeps = REPLY_TIMEOUT / SWEEP;

  constructor(subject: string, ended: () => void, options: WaitOptions) {
    super(ended, options);
    this.subject = subject;
  }
}

/** A request to all processes, whose replies are collected. */
interface Gathering {
  readonly waiter: ReplyWaiter<void>;
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
    const reply = this.#newSubject();
    const late = ms < REPLY_TIMEOUT
      ? this.#loop.callLater(ms, () => waiter.fail(new errors.TimeoutError()))
      : undefined;
    const ended = () => {
      late?.cancel();
      this.#pending.delete(reply);
    };
    const waiter = new Pending(subject, ended, options);
    this.#pending.set(reply, waiter);
    this.#sweeper ??= this.#loop.callLater(SWEEP, () => this.#sweep());
    try {
      send(reply);
    } catch (error) {
      waiter.fail(error);
    }
    return waiter.promise;
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
    const waiter = new ReplyWaiter<void>(() => {
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
    const gathering = this.#gathering.get(reply.subject);
    if (gathering !== undefined) {
      const { waiter, enough } = gathering;
      if (isNoResponders(reply) || enough(reply)) waiter.wake();
      return;
    }
    const pending = this.#pending.get(reply.subject);
    if (pending === undefined) return; // it was given up
    if (!isNoResponders(reply)) pending.wake(reply);
    else pending.fail(new errors.NoRespondersError(pending.subject));
  }

  /** Lets requests reject with `error`: all, or those about one subject. */
  failAll(error: unknown, subject?: string): void {
    for (const waiter of [...this.#pending.values()]) {
      if (subject === undefined || subject === waiter.subject) {
        waiter.fail(error);
      }
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
    for (const waiter of [...this.#pending.values()]) {
      if (--waiter.sweeps < 0) waiter.fail(new errors.TimeoutError());
    }
    if (this.#pending.size === 0) return;
    this.#sweeper = this.#loop.callLater(SWEEP, () => this.#sweep());
  }
}

function isNoResponders({ data, headers }: Msg): boolean {
  return data.length === 0 && headers?.code === 503;
}
