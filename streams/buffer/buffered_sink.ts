/**
 * What a writer stands on: the bytes that are still to go, the one call of the
 * sink under way, and the waits for it.
 *
 * Bytes are collected until the connection is read for more, or else until the
 * end of the turn, when all that is ready to run has run, and leave in one call.
 * While that is under way, the next ones are collected. There are two buffers,
 * which change places, so nothing is copied twice.
 *
 * @module
 */
import { ByteBuffer } from "./byte_buffer.ts";
import { EndOfTurn } from "./end_of_turn.ts";
import type { ByteSink } from "./source_and_sink.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../tasks/kernel/wait/waiter.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../../tasks/kernel/wait/checkpoint.ts";

/** With more than this unsent, `drain` begins to wait; as asyncio. */
const HIGH_WATER = 65536;
/** With no more than this unsent, it goes on. */
const LOW_WATER = HIGH_WATER / 4;

/** The owner of a sink decides what follows. */
export interface SinkOwner {
  /** Everything is sent. */
  sinkDrained(): void;
  /** The sink has failed: calls `drop`. */
  sinkFailed(error: unknown): void;
}

/** See the module. */
export class BufferedSink {
  readonly #sink: ByteSink;
  readonly #owner: SinkOwner;
  #collected = new ByteBuffer();
  #sending = new ByteBuffer();
  /** Sends what is collected, unless it was sent before. */
  readonly #endOfTurn = new EndOfTurn(() => this.#flush());
  /** A call of the sink is under way, or it is paused. */
  #busy = false;
  #isOver = false;
  #aboveHighWater = false;
  readonly #drainers = new WaitQueue<void>("StreamWriter.drain");
  readonly #flushers = new WaitQueue<void>("everything to be sent");

  constructor(sink: ByteSink, owner: SinkOwner) {
    this.#sink = sink;
    this.#owner = owner;
  }

  /** How many bytes are unsent. */
  get size(): number {
    return this.#collected.size + this.#sending.size;
  }

  /** Takes a copy of the bytes, to be sent with all others of this turn. */
  add(bytes: Uint8Array): void {
    this.#collected.append(bytes);
    if (this.size > HIGH_WATER) this.#aboveHighWater = true;
    if (!this.#busy) this.#endOfTurn.plan();
  }

  /** Sends what is collected now, without waiting for the end of the turn. */
  flush(): void {
    if (this.#endOfTurn.cancel()) this.#flush();
  }

  /** Reports `sinkDrained` as soon as nothing is unsent. */
  finish(): void {
    this.#flush();
  }

  /** Waits while too much is unsent. */
  drained(options: WaitOptions | undefined): Promise<void> {
    return this.#wait(this.#drainers, this.#aboveHighWater, options);
  }

  /** Waits until nothing is unsent. */
  flushed(options: WaitOptions | undefined): Promise<void> {
    return this.#wait(this.#flushers, this.#busy || this.size > 0, options);
  }

  /** Sends nothing until {@linkcode resume}. */
  pause(): void {
    this.#busy = true;
  }

  resume(): void {
    this.#busy = false;
    this.#flush();
  }

  /** Drops what is unsent: the waits for it reject with `error`. */
  drop(error: unknown): void {
    this.#isOver = true;
    this.#endOfTurn.cancel();
    this.#collected = new ByteBuffer();
    this.#sending = new ByteBuffer();
    this.#aboveHighWater = false;
    this.#drainers.failAll(error);
    this.#flushers.failAll(error);
  }

  #wait(
    line: WaitQueue<void>,
    necessary: boolean,
    options: WaitOptions | undefined,
  ): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (!necessary || this.#isOver) return ready(undefined);
    return line.add(new ExternalWaiter<void>(line, options));
  }

  #flush(): void {
    this.#endOfTurn.cancel();
    if (this.#busy || this.#isOver) return;
    // Also with nothing to send: the next bytes go where the last ones came
    // from, so that the other memory is needed only while a call is under way.
    [this.#sending, this.#collected] = [this.#collected, this.#sending];
    if (this.#sending.size > 0) return this.#send();
    this.#flushers.wakeAll();
    this.#owner.sinkDrained();
  }

  #send(): void {
    this.#busy = true;
    this.#sink.write(this.#sending.bytes).then(this.#sent, this.#failed);
  }

  #sent = (n: number): void => {
    this.#busy = false;
    if (this.#isOver) return;
    this.#sending.skip(n);
    if (this.#aboveHighWater && this.size <= LOW_WATER) {
      this.#aboveHighWater = false;
      this.#drainers.wakeAll();
    }
    if (this.#sending.size > 0) this.#send();
    else this.#flush();
  };

  #failed = (error: unknown): void => {
    this.#busy = false;
    if (!this.#isOver) this.#owner.sinkFailed(error);
  };
}
