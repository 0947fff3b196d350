/** @module */
import { detached } from "../../../tasks/kernel/context/detached.ts";
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import { WaitQueue } from "../../../tasks/kernel/wait/wait_queue.ts";
import { moveOnAfter } from "../../../tasks/timeout.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../../tasks/kernel/wait/waiter.ts";
import { checkpointIfCancelled } from "../../../tasks/kernel/wait/checkpoint.ts";
import {
  errors,
  headers,
  type Msg,
  type NatsConnection,
  type Subscription,
} from "./client.ts";
import { NatsError } from "../errors.ts";

/** Between two tries, at first and at most. */
const FIRST_PAUSE = 20, LONGEST_PAUSE = 1000;

/** How long an answer may take before it is asked for again. */
const PATIENCE = 2000;

/** Somebody waits for an answer. */
interface Request {
  readonly subject: string;
  readonly waiter: ExternalWaiter<Msg>;
}

/** What goes with a question. */
export interface RequestOptions extends WaitOptions {
  headers?: Record<string, string> | undefined;
  /** When to give up, by the wall clock of `performance`; never unless given. */
  until?: number | undefined;
  /** Called where nobody listens to the question; what it throws ends it. */
  absent?: (() => Promise<void>) | undefined;
}

/**
 * A connection that is made again when it is lost: whoever asks through it
 * waits meanwhile. It ends when it is closed, or when the servers do not let
 * us in any more.
 */
export class ReconnectingConnection {
  /**
   * Milliseconds for which it is not believed that a stream is not there: when
   * most servers of a cluster were away, they do not know at first what they
   * have.
   */
  doubt = 0;
  readonly #connection: NatsConnection;
  /** Where the answers come; the client's own requests cost twice as much. */
  readonly #inbox = `_INBOX.${crypto.randomUUID()}`;
  readonly #questions = new Map<string, Request>();
  #numbers = 0;
  readonly #pausing = new WaitQueue<void>("NATS");
  readonly #listeners: (() => void)[] = [];
  /** Whether it is connected, as far as is known. */
  #up = true;
  #error: unknown = undefined;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.subscribe(`${this.#inbox}.*`, (answer) => this.#answered(answer));
    detached(() => {
      this.#watch();
      this.#watchEnd();
    });
  }

  get up(): boolean {
    return this.#up;
  }

  /** Why it has ended. */
  get error(): unknown {
    return this.#error;
  }

  get clustered(): boolean {
    return this.#connection.info?.cluster !== undefined;
  }

  /** Whether there is JetStream, here or on another server of the cluster. */
  get hasJetStream(): boolean {
    const { info } = this.#connection;
    return info?.jetstream === true || info?.cluster !== undefined;
  }

  /** Bytes, of a message with its headers; no more are taken. */
  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? Infinity;
  }

  /** Calls `listener` when it is lost, made again, or has ended. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  subscribe(subject: string, heard: (message: Msg) => void): Subscription {
    return this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) heard(message);
      },
    });
  }

  /** Says something that may be lost. */
  publish(subject: string, data = "", options?: { reply: string }): void {
    if (this.#up) this.#connection.publish(subject, data, options);
  }

  /** Asks until there is an answer. */
  async ask(
    subject: string,
    data: Uint8Array | string,
    options: RequestOptions = {},
  ): Promise<Msg> {
    const { until = Infinity, absent } = options;
    let last: unknown;
    for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const rejection = checkpointIfCancelled(options);
      if (rejection !== undefined) await rejection;
      if (this.#error !== undefined) throw this.#error;
      const left = until - performance.now();
      if (left <= 0) throw last ?? new NatsError("there was no answer in time");
      try {
        if (this.#up) return await this.#askOnce(subject, data, left, options);
      } catch (error) {
        if (!isPassing(error)) throw error;
        last = error;
        if (error instanceof errors.NoRespondersError) await absent?.();
      }
      await this.pause(Math.min(pause, left), options);
    }
  }

  #askOnce(
    subject: string,
    data: Uint8Array | string,
    left: number,
    options: RequestOptions,
  ): Promise<Msg> {
    const reply = `${this.#inbox}.${this.#numbers++}`;
    const waiter = new ExternalWaiter<Msg>({
      what: "NATS",
      leave: () => {
        late.cancel();
        this.#questions.delete(reply);
      },
    }, options);
    const late = getRunningLoop().callLater(
      Math.min(left, PATIENCE),
      () => waiter.fail(new errors.TimeoutError()),
    );
    this.#questions.set(reply, { subject, waiter });
    try {
      const all = options.headers && { headers: headersOf(options.headers) };
      this.#connection.publish(subject, data, { reply, ...all });
    } catch (error) {
      waiter.fail(refusedBy(error));
    }
    return waiter.promise;
  }

  #answered(answer: Msg): void {
    const question = this.#questions.get(answer.subject);
    if (question === undefined) return; // it was given up
    const { subject, waiter } = question;
    const nobody = answer.data.length === 0 && answer.headers?.code === 503;
    if (nobody) waiter.fail(new errors.NoRespondersError(subject));
    else waiter.wake(answer);
  }

  #failAll(error: unknown, about?: string): void {
    for (const { subject, waiter } of [...this.#questions.values()]) {
      if (about === undefined || about === subject) waiter.fail(error);
    }
  }

  /** Waits, not longer than until the connection was made again, or ended. */
  async pause(ms: number, options?: WaitOptions): Promise<void> {
    await moveOnAfter(
      ms,
      () => checkpointIfCancelled(options) ?? this.#pausing.wait(options),
    );
  }

  /** Ends it; who asks gets `error`. */
  async close(error: unknown): Promise<void> {
    this.#end(error);
    await this.#connection.close();
  }

  #end(error: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#up = false;
    this.#failAll(error);
    this.#pausing.failAll(error);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (this.#error !== undefined) return;
      if (status.type === "disconnect") {
        this.#up = false;
        this.#failAll(new errors.RequestError("the connection is lost"));
        this.#tell();
      } else if (status.type === "reconnect") {
        this.#up = true;
        this.#pausing.wakeAll();
        this.#tell();
      } else if (
        status.type === "error" &&
        status.error instanceof errors.PermissionViolationError
      ) this.#failAll(refusedBy(status.error), status.error.subject);
    }
  }

  async #watchEnd(): Promise<void> {
    const cause = await this.#connection.closed();
    this.#end(
      new NatsError("the connection to NATS has ended for good", { cause }),
    );
  }
}

function headersOf(record: Record<string, string>): ReturnType<typeof headers> {
  const all = headers();
  for (const [name, value] of Object.entries(record)) all.set(name, value);
  return all;
}

function refusedBy(cause: unknown): NatsError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new NatsError(`NATS refuses: ${why}`, { cause });
}

/** Whether the question may well be answered the next time. */
function isPassing(error: unknown): boolean {
  return error instanceof errors.TimeoutError ||
    error instanceof errors.NoRespondersError ||
    error instanceof errors.RequestError;
}
