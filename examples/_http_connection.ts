/** The connection of a client, and how long it may take. @module */
import {
  currentTask,
  getRunningLoop,
  moveOnAfter,
  type Streams,
  type Timeout,
} from "@asyncio/asyncio";

/** What a connection may wait for, with the time for it in milliseconds. */
export interface Times {
  /** The next request. */
  idle: number;
  /** All of the head of a request. */
  head: number;
  /** More of the body of a request. */
  body: number;
  /** The handler. */
  answer: number;
  /** More of a body that the handler makes. */
  stream: number;
  /** A client that reads slowly. */
  write: number;
}

/**
 * To say what it waits for costs next to nothing: there is no timer for that, but
 * the server looks at all its connections now and then.
 */
export class Connection {
  readonly reader: Streams["reader"];
  readonly writer: Streams["writer"];
  /** Whether the response to this request has begun. */
  isAnswered = false;
  /** What has taken too long. */
  late: keyof Times | undefined;
  readonly #task = currentTask()!;
  readonly #limit: Timeout;
  #phase: keyof Times = "idle";
  #waited = 0;

  /** Within the body of a `timeout`, whose `limit` is set when it is due. */
  constructor({ reader, writer }: Streams, limit: Timeout) {
    this.reader = reader;
    this.writer = writer;
    this.#limit = limit;
  }

  get phase(): keyof Times {
    return this.#phase;
  }

  set phase(phase: keyof Times) {
    this.#phase = phase;
    this.#waited = 0;
  }

  /**
   * Called each `ms` milliseconds: ends what takes too long, and cancels the task
   * of a client that has gone. (If it has sent another request before, that is
   * seen later.)
   */
  check(ms: number, times: Times): void {
    const { reader, writer } = this;
    const isAsked = this.#phase === "answer" || this.#phase === "stream";
    this.#waited += ms;
    if (this.#limit.expired) return;
    if (isAsked && (reader.atEof || writer.isClosing)) {
      this.#task.cancel("the client has gone");
    } else if (this.#waited > times[this.#phase]) {
      this.late = this.#phase;
      this.#limit.reschedule(getRunningLoop().time());
    }
  }

  /** Lets a client that may still be sending see what it was answered. */
  async linger(): Promise<void> {
    this.writer.writeEof();
    await moveOnAfter(2_000, async () => {
      for (let size; (size = (await this.reader.peek()).length) > 0;) {
        this.reader.discard(size);
      }
    });
  }
}
