/**
 * What a writer stands on: the bytes that are still to go, the one call of the
 * sink under way, and those who wait for it.
 *
 * Bytes are collected until the connection is read for more, or else until the
 * end of the turn, when all that is ready to run has run, and leave in one
 * call. While that is under way, the next ones are collected. There are two
 * buffers, which change places, so nothing is copied twice.
 *
 * A failure of the sink is kept, and given to those who ask (`drain`,
 * `waitClosed`): it is never an unhandled rejection.
 *
 * @module
 */
import { ByteBuffer } from "./byte_buffer.ts";
import type { ByteSink } from "./source_and_sink.ts";
import { EndOfTurn } from "./end_of_turn.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import { moveOnAfter } from "../../tasks/timeout.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../tasks/kernel/wait/waiter.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";

/** With more than this unsent, `drain` begins to wait; as asyncio. */
const HIGH_WATER = 65536;
/** With no more than this unsent, it goes on. */
const LOW_WATER = HIGH_WATER / 4;
/** Milliseconds, after which a peer that takes nothing is given up, where it is. */
export const STUCK_PEER_TIMEOUT_MS = 1000;

export class BufferedSink {
  readonly #sink: ByteSink;
  #collected = new ByteBuffer();
  #sending = new ByteBuffer();
  /** When what is collected leaves, unless something sends it before. */
  readonly #endOfTurn = new EndOfTurn(() => this.#flush());
  /** A call of the sink is under way. */
  #busy = false;
  #aboveHighWater = false;
  #eof: "no" | "asked" | "sent" = "no";
  #closing = false;
  #closed = false;
  /** Why the connection is gone. */
  #loss: { error: unknown } | undefined;
  /** Why nothing more is taken, though no call of the sink has failed. */
  #refusal: { error: unknown } | undefined;
  readonly #drainers = new WaitQueue<void>("StreamWriter.drain");
  readonly #flushers = new WaitQueue<void>("everything to be sent");
  readonly #closers = new WaitQueue<void>("StreamWriter.waitClosed");

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  get unsent(): number {
    return this.#collected.size + this.#sending.size;
  }

  get canWriteEof(): boolean {
    return this.#sink.oneWay || this.#sink.closeWrite !== undefined;
  }

  get closing(): boolean {
    return this.#closing || this.#loss !== undefined ||
      this.#refusal !== undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get error(): unknown {
    return this.#loss?.error;
  }

  /** Whether it was told that no more comes. */
  get ended(): boolean {
    return this.#eof !== "no";
  }

  /** @throws {Error} It is closed, or was told that no more comes. */
  checkOpen(): void {
    if (this.#eof !== "no") throw new Error("writeEof was called before");
    if (this.#closing) throw new Error("the writer is closed");
  }

  /** Takes a copy of the bytes, to be sent with all others of this turn. */
  add(bytes: Uint8Array): void {
    if (this.closing) return; // drain will say so
    this.#collected.append(bytes);
    if (this.unsent > HIGH_WATER) this.#aboveHighWater = true;
    if (!this.#busy) this.#endOfTurn.plan();
  }

  /** Sends what is collected now, without waiting for the end of the turn. */
  flush(): void {
    if (this.#endOfTurn.cancel()) this.#flush();
  }

  /** Waits while too much is unsent. */
  drain(options: WaitOptions | undefined): Promise<void> {
    if (this.#refusal !== undefined) {
      return checkpointIfCancelled(options) ?? readyError(this.#refusal.error);
    }
    return this.#wait(this.#drainers, this.#aboveHighWater, options);
  }

  /** Waits until nothing is unsent. */
  flushed(options?: WaitOptions): Promise<void> {
    return this.#wait(this.#flushers, this.#busy || this.unsent > 0, options);
  }

  waitClosed(options: WaitOptions | undefined): Promise<void> {
    return this.#wait(this.#closers, !this.#closed, options);
  }

  /** Waits for the close as long as the peer goes on taking. */
  async closedUnlessStuck(): Promise<void> {
    while (!this.#closed) {
      const before = this.unsent;
      await moveOnAfter(
        STUCK_PEER_TIMEOUT_MS,
        () => this.waitClosed(undefined),
      );
      if (!this.#closed && this.unsent === before) this.abort();
    }
  }

  writeEof(): void {
    if (this.#closing || this.#eof !== "no") return;
    this.#eof = "asked";
    if (this.#sink.oneWay) this.#closing = true;
    this.#flush();
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#flush();
  }

  /**
   * Frees the connection, if it is gone. Unlike after {@linkcode close},
   * writing is no error: nobody has closed the writer.
   */
  closeIfLost(): void {
    if (this.#loss !== undefined && !this.#closed) this.#abort();
  }

  /** Sends nothing until {@linkcode resume}. */
  pause(): void {
    this.#busy = true;
  }

  resume(): void {
    this.#busy = false;
    this.#flush();
  }

  /** Drops what is unsent. */
  abort(): void {
    if (this.#closed) {
      this.#closing = true;
      return;
    }
    if (this.unsent > 0) this.#refusal ??= { error: aborted() };
    this.#closing = true;
    this.#drop(aborted());
    this.#abort();
  }

  /**
   * Notes that nobody takes anything any more. A call of the sink under way says
   * whether it was taken; where all was, nothing is lost.
   */
  peerClosed(error: unknown): void {
    if (this.#closed || this.#refusal !== undefined) return;
    this.#refusal = { error };
    this.#sink.abort();
    this.#flush();
  }

  /** Notes that the connection is gone. */
  connectionLost(error: unknown): void {
    if (this.#closed || this.#loss !== undefined) return;
    this.#loss = { error };
    this.#drop(error);
    this.#closers.failAll(error);
    if (this.#closing) this.#abort();
  }

  #wait(
    line: WaitQueue<void>,
    necessary: boolean,
    options: WaitOptions | undefined,
  ): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#loss !== undefined) return readyError(this.#loss.error);
    if (!necessary) return ready(undefined);
    return line.add(new ExternalWaiter<void>(line, options));
  }

  #flush = (): void => {
    this.#endOfTurn.cancel();
    if (this.#closed) return;
    if (this.#loss !== undefined) {
      if (this.#closing) this.#abort();
      return;
    }
    if (this.#busy) return;
    // Also with nothing to send: the next bytes go where the last ones came
    // from, so that the other memory is needed only while a call is under way.
    [this.#sending, this.#collected] = [this.#collected, this.#sending];
    if (this.#sending.size === 0) this.#idle();
    else this.#send();
  };

  #send(): void {
    this.#busy = true;
    this.#sink.write(this.#sending.bytes).then(this.#sent, this.#failed);
  }

  #sent = (n: number): void => {
    this.#busy = false;
    if (this.#closed || this.#loss !== undefined) return;
    this.#sending.skip(n);
    if (this.#aboveHighWater && this.unsent <= LOW_WATER) {
      this.#aboveHighWater = false;
      this.#drainers.wakeAll();
    }
    if (this.#sending.size > 0) this.#send();
    else this.#flush();
  };

  #failed = (error: unknown): void => {
    this.#busy = false;
    if (this.#closed) return;
    this.connectionLost(error);
    this.#sink.lost?.();
  };

  /** Everything is sent. */
  #idle(): void {
    this.#flushers.wakeAll();
    if (this.#eof === "asked" && !this.#closing) {
      this.#eof = "sent";
      this.#end(this.#sink.closeWrite!(), this.#flush);
    } else if (this.#closing) {
      this.#end(this.#sink.close(), () => this.#finish());
    } else if (this.#refusal !== undefined) {
      this.#finish();
    }
  }

  /** Waits for the last words of the sink. */
  #end(settled: void | Promise<void>, then: () => void): void {
    if (settled === undefined) return then();
    this.#busy = true;
    settled.then(() => {
      this.#busy = false;
      if (!this.#closed) then();
    }, this.#failed);
  }

  #drop(error: unknown): void {
    this.#collected = new ByteBuffer();
    this.#sending = new ByteBuffer();
    this.#aboveHighWater = false;
    this.#drainers.failAll(error);
    this.#flushers.failAll(error);
  }

  #abort(): void {
    this.#sink.abort();
    this.#finish();
  }

  #finish(): void {
    this.#closed = true;
    this.#flushers.wakeAll();
    this.#closers.wakeAll();
  }
}

function aborted(): Error {
  return new Deno.errors.ConnectionAborted(
    "the writer was aborted, what was unsent is dropped",
  );
}
