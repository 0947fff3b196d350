/** @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import { detached } from "../../../tasks/kernel/context/detached.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../../../tasks/kernel/wait/wait_queue.ts";
import { moveOnAfter } from "../../../tasks/timeout.ts";
import { NatsError } from "../errors.ts";
import {
  errors,
  type Msg,
  type NatsConnection,
  type Subscription,
} from "./client.ts";
import type { Deadline } from "./deadline.ts";
import { headersOf } from "./headers.ts";
import { Replies, type ReplyListener } from "./replies.ts";
import { ServerPings } from "./server_pings.ts";

/** Pauses between two tries of a request, in milliseconds. */
const FIRST_PAUSE = 20, LONGEST_PAUSE = 1000;

/** The options of a request. */
export interface RequestOptions extends WaitOptions {
  headers?: Record<string, string> | undefined;
  /** When the request is given up; never by default. */
  deadline?: Deadline | undefined;
  /**
   * Milliseconds for which a request is repeated if a stream is not there; those of
   * the connection by default.
   */
  doubt?: number | undefined;
  /** Called if the subject has no listener; its error ends the request. */
  onNoResponders?: (() => Promise<void>) | undefined;
}

/**
 * A connection that is made again if it is lost, or if the server has gone silent:
 * requests wait meanwhile. It ends when it is closed, or if the servers refuse the
 * login.
 */
export class ReconnectingConnection {
  /**
   * Milliseconds for which a request is repeated if a stream is not there. If most
   * servers of a cluster were away, they do not know their streams at first.
   */
  doubt = 0;
  readonly #connection: NatsConnection;
  /** The client's own requests cost twice as much. */
  readonly #replies = new Replies();
  readonly #pauses = new WaitQueue<void>("NATS");
  readonly #listeners: (() => void)[] = [];
  readonly #loop = getRunningLoop();
  readonly #pings: ServerPings;
  /** Whether the client is connected, as far as is known. */
  #up = true;
  #error: unknown = undefined;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#pings = new ServerPings(connection);
    const { inbox } = this.#replies;
    this.subscribe(`${inbox}.*`, (reply) => this.#replies.received(reply));
    detached(() => {
      this.#watch();
      this.#watchEnd();
    });
  }

  get up(): boolean {
    return this.#up;
  }

  /** Why the connection has ended; `undefined` if it has not. */
  get error(): unknown {
    return this.#error;
  }

  get clustered(): boolean {
    return this.#connection.info?.cluster !== undefined;
  }

  /** Whether this server has JetStream, or may have it in its cluster. */
  get hasJetStream(): boolean {
    const { info } = this.#connection;
    return info?.jetstream === true || info?.cluster !== undefined;
  }

  /** Whether the server is at least of this version. */
  isAtLeast(major: number, minor: number): boolean {
    const version = String(this.#connection.info?.version ?? "");
    const [found = 0, next = 0] = version.split(".").map(Number);
    return found > major || (found === major && next >= minor);
  }

  /** The longest message in bytes, with its headers, that the servers take. */
  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? Infinity;
  }

  /** Calls `listener` when the connection is lost, made again, or has ended. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Calls `handle` with each message. Its errors are reported: the client would
   * stop reading if they were thrown there.
   */
  subscribe(subject: string, handle: (message: Msg) => void): Subscription {
    return this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return;
        try {
          handle(message);
        } catch (cause) {
          this.#loop.callExceptionHandler({
            message: `a message on ${subject} could not be handled`,
            error: cause,
          });
        }
      },
    });
  }

  /** Sends a message; it is lost if the connection is. */
  publish(
    subject: string,
    data: Uint8Array | string = "",
    options?: { reply: string },
  ): void {
    if (this.#up) this.#connection.publish(subject, data, options);
  }

  /** Sends a request until it is answered. */
  async request(
    subject: string,
    data: Uint8Array | string,
    options: RequestOptions = NO_OPTIONS,
  ): Promise<Msg> {
    const { deadline, onNoResponders } = options;
    let last: unknown;
    for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const rejection = checkpointIfCancelled(options);
      if (rejection !== undefined) await rejection;
      if (this.#error !== undefined) throw this.#error;
      const left = deadline === undefined ? Infinity : deadline.remaining();
      if (left <= 0) throw last ?? new NatsError("there was no answer in time");
      try {
        if (this.#up) return await this.#send(subject, data, left, options);
      } catch (error) {
        if (!isPassing(error)) throw error;
        last = error;
        if (error instanceof errors.NoRespondersError) await onNoResponders?.();
      }
      await this.pause(Math.min(pause, left), options);
    }
  }

  #send(
    subject: string,
    data: Uint8Array | string,
    ms: number,
    { headers, signal }: RequestOptions,
  ): Promise<Msg> {
    const send = (reply: string) =>
      this.#publish(subject, data, reply, headers);
    return this.#replies.wait(subject, send, { signal, ms });
  }

  /**
   * Sends a request once, without a wait. If that fails with an error that
   * {@linkcode isPassing}, it can be sent again with {@linkcode request}.
   */
  ask(
    listener: ReplyListener,
    data: Uint8Array,
    { headers, deadline }: Pick<RequestOptions, "headers" | "deadline">,
  ): void {
    if (!this.#up) {
      return listener.failed(this.#error ?? new errors.RequestError(LOST));
    }
    const ms = deadline === undefined ? Infinity : deadline.remaining();
    const number = this.#replies.listen(listener, ms);
    const reply = this.#replies.subjectOf(number);
    try {
      this.#publish(listener.subject, data, reply, headers);
    } catch (error) {
      this.#replies.forget(number);
      listener.failed(error);
    }
  }

  #publish(
    subject: string,
    data: Uint8Array | string,
    reply: string,
    headers: Record<string, string> | undefined,
  ): void {
    const options = headers === undefined
      ? { reply }
      : { reply, headers: headersOf(headers) };
    try {
      this.#connection.publish(subject, data, options);
    } catch (error) {
      throw refusedBy(error);
    }
  }

  /**
   * Sends a message to all subscribers, and collects their replies for `ms`
   * milliseconds, or until `enough` returns `true`. Begins again if the connection
   * is lost meanwhile, as replies may be lost, too.
   */
  async gather(
    subject: string,
    data: string,
    options: WaitOptions & { ms: number; enough: (reply: Msg) => boolean },
  ): Promise<void> {
    const send = (reply: string) => this.publish(subject, data, { reply });
    for (;;) {
      const rejection = checkpointIfCancelled(options);
      if (rejection !== undefined) await rejection;
      if (this.#error !== undefined) throw this.#error;
      if (this.#up && await this.#replies.gather(send, options)) return;
      await this.pause(LONGEST_PAUSE, options);
    }
  }

  /** Sends the requests on `subject` again that have no reply yet. */
  repeat(subject: string): void {
    this.#replies.failAll(new errors.RequestError(LATE), subject);
  }

  /** Waits for `ms` milliseconds, or until the connection is made again or ends. */
  async pause(ms: number, options?: WaitOptions): Promise<void> {
    await moveOnAfter(
      ms,
      () => checkpointIfCancelled(options) ?? this.#pauses.wait(options),
    );
  }

  /** See {@linkcode ServerPings.watch}. */
  watch(lease: number): void {
    this.#pings.watch(lease);
  }

  /** Pings the server. */
  ping(): void {
    this.#pings.ping();
  }

  /** See {@linkcode ServerPings.sentAfter}. */
  get sentAfter(): number {
    return this.#pings.sentAfter;
  }

  /** Ends the connection; requests reject with `error`. */
  async close(error: unknown): Promise<void> {
    this.#end(error);
    await this.#connection.close();
  }

  #end(error: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#up = false;
    this.#pings.stop();
    this.#replies.close(error);
    this.#pauses.failAll(error);
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (this.#error !== undefined) return;
      if (status.type === "disconnect") {
        this.#up = false;
        this.#pings.disconnected();
        this.#replies.failAll(new errors.RequestError(LOST));
        this.#replies.interrupt();
        this.#notify();
      } else if (status.type === "reconnect") {
        this.#up = true;
        this.#pings.reconnected();
        this.#pauses.wakeAll();
        this.#notify();
      } else if (
        status.type === "error" &&
        status.error instanceof errors.PermissionViolationError
      ) this.#replies.failAll(refusedBy(status.error), status.error.subject);
    }
  }

  async #watchEnd(): Promise<void> {
    const cause = await this.#connection.closed();
    this.#end(
      new NatsError("the connection to NATS has ended for good", { cause }),
    );
  }
}

const NO_OPTIONS: RequestOptions = {};

const LOST = "the connection is lost";
const LATE = "the reply is late";

function refusedBy(cause: unknown): NatsError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new NatsError(`NATS refuses: ${why}`, { cause });
}

/** Whether the request may be answered if it is sent again. */
export function isPassing(error: unknown): boolean {
  return error instanceof errors.TimeoutError ||
    error instanceof errors.NoRespondersError ||
    error instanceof errors.RequestError;
}
