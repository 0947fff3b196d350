/** @module */
import type { ByteSink } from "../buffer/source_and_sink.ts";
import { SendBuffer } from "./send_buffer.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";

/** Where bytes go to. */
export type WriteSink = Pick<ByteSink, "write">;

/** Gets the progress of a queue. */
export interface WriteOwner {
  /** Less is unsent than before. */
  sent(): void;
  /** Writing has failed. */
  writeFailed(error: unknown): void;
}

/**
 * Sends bytes: the first are handed to the sink at once; bytes that come while
 * it writes leave in one call after it.
 */
export class WriteQueue {
  readonly #sink: WriteSink;
  readonly #owner: WriteOwner;
  readonly #unsent = new SendBuffer();
  #isSending = false;
  #isPaused = false;
  #isStopped = false;
  readonly #flushers = new WaitQueue<void>("everything to be sent", {
    external: true,
  });

  constructor(sink: WriteSink, owner: WriteOwner) {
    this.#sink = sink;
    this.#owner = owner;
  }

  /** How many bytes the sink has not confirmed. */
  get size(): number {
    return this.#unsent.size;
  }

  /** Takes a copy of the bytes. */
  add(bytes: Uint8Array): void {
    this.#unsent.add(bytes);
    if (!this.#isSending && !this.#isPaused) this.#send();
  }

  /**
   * Waits until nothing is unsent.
   *
   * @throws {Error} It is stopped before.
   */
  flushed(options?: WaitOptions): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#isStopped) return readyError(lost());
    if (this.size === 0) return ready(undefined);
    return this.#flushers.wait(options);
  }

  /** Sends nothing until {@linkcode resume}; to be called when all is sent. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (this.size > 0 && !this.#isSending) this.#send();
  }

  /** Drops what is unsent, and takes nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#unsent.clear();
    this.#flushers.failAll(lost());
  }

  #send(): void {
    this.#isSending = true;
    this.#sink.write(this.#unsent.bytes).then(this.#sent, this.#failed);
  }

  #sent = (n: number): void => {
    this.#isSending = false;
    if (this.#isStopped) return;
    this.#unsent.skip(n);
    if (this.#unsent.size > 0) this.#send();
    else if (this.#flushers.size > 0) this.#flushers.wakeAll();
    this.#owner.sent();
  };

  #failed = (error: unknown): void => {
    this.#isSending = false;
    if (!this.#isStopped) this.#owner.writeFailed(error);
  };
}

function lost(): Error {
  return new Deno.errors.ConnectionReset(
    "the connection was lost before everything was sent",
  );
}
