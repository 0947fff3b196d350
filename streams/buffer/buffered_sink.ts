/**
 * What a writer stands on: the bytes that are still to go, the one call of the
 * sink under way, and the waits for it.
 *
 * Bytes are collected until the connection is read for more, or else until the
 * end of the turn, when all that is ready to run has run, and leave in one call.
 * While that is under way, the next ones are collected. The memory comes from
 * the pool and goes back to it: an idle sink holds none.
 *
 * @module
 */
import { allocate, release } from "./buffer_pool.ts";
import type { Detached } from "./byte_buffer.ts";
import {
  type AtEndOfTurn,
  cancelEndOfTurn,
  planEndOfTurn,
} from "./end_of_turn.ts";
import type { ByteSink } from "./source_and_sink.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";

/** With more than this unsent, in bytes, `drain` begins to wait; as asyncio. */
const HIGH_WATER = 65536;
/** With no more than this unsent, it resolves. */
const LOW_WATER = HIGH_WATER / 4;

const EMPTY: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** The owner of a buffered sink decides what follows. */
export interface SinkOwner {
  /** Everything is sent. */
  sinkDrained(): void;
  /** The sink has failed: is to call `drop`. */
  sinkFailed(error: unknown): void;
}

/** See the module. */
export class BufferedSink implements AtEndOfTurn {
  /** Whether {@linkcode atEndOfTurn} is planned. */
  endOfTurn: AtEndOfTurn["endOfTurn"] = "unplanned";
  readonly #sink: ByteSink;
  readonly #owner: SinkOwner;
  #collected = EMPTY;
  #collectedSize = 0;
  /** What the sink is given, and its memory, if that is of the pool. */
  #sending: Uint8Array = EMPTY;
  #sendingMemory = EMPTY;
  /** A call of the sink is under way, or it is paused. */
  #busy = false;
  #isOver = false;
  #aboveHighWater = false;
  /** These are made when they are needed first: most connections are idle. */
  #onSent: ((n: number) => void) | undefined;
  #onFailed: ((error: unknown) => void) | undefined;
  #drainers: WaitQueue<void> | undefined;
  #flushers: WaitQueue<void> | undefined;

  constructor(sink: ByteSink, owner: SinkOwner) {
    this.#sink = sink;
    this.#owner = owner;
  }

  /** How many bytes are unsent. */
  get size(): number {
    return this.#collectedSize + this.#sending.length;
  }

  /** Takes a copy of the bytes, to be sent with all others of this turn. */
  add(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === 0) return;
    const size = this.#collectedSize;
    if (size === 0) this.#collected = allocate(length);
    else if (this.#collected.length - size < length) {
      this.#grow(Math.max(size + length, 2 * size));
    }
    this.#collected.set(bytes, size);
    this.#collectedSize = size + length;
    if (this.size > HIGH_WATER) this.#aboveHighWater = true;
    if (!this.#busy) planEndOfTurn(this);
  }

  /** Sends what was collected in the turn. */
  atEndOfTurn(): void {
    this.#flush();
  }

  /**
   * Whether bytes can be sent without a copy. If not, what was added before is
   * being sent: `sinkDrained` is called after it.
   */
  canSend(): boolean {
    this.flush();
    return !this.#busy;
  }

  /** Sends bytes from their own memory: only if {@linkcode canSend}. */
  send({ bytes, memory }: Detached): void {
    this.#sending = bytes;
    this.#sendingMemory = memory;
    this.#send();
  }

  /** Sends what is collected now, without waiting for the end of the turn. */
  flush(): void {
    if (cancelEndOfTurn(this)) this.#flush();
  }

  /** Reports `sinkDrained` as soon as nothing is unsent. */
  finish(): void {
    this.#flush();
  }

  /** Waits while too much is unsent. */
  drained(options: WaitOptions | undefined): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (!this.#aboveHighWater || this.#isOver) return ready(undefined);
    this.#drainers ??= new WaitQueue("StreamWriter.drain", { external: true });
    return this.#drainers.wait(options);
  }

  /** Makes `drain` wait also if little is unsent, until {@linkcode releaseDrain}. */
  holdDrain(): void {
    this.#aboveHighWater = true;
  }

  releaseDrain(): void {
    this.#aboveHighWater = false;
    this.#drainers?.wakeAll();
  }

  /** Waits until nothing is unsent. */
  flushed(options: WaitOptions | undefined): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    const isFlushed = !this.#busy && this.size === 0;
    if (isFlushed || this.#isOver) return ready(undefined);
    this.#flushers ??= new WaitQueue("everything to be sent", {
      external: true,
    });
    return this.#flushers.wait(options);
  }

  /** Sends nothing until {@linkcode resume}. */
  pause(): void {
    this.#busy = true;
  }

  resume(): void {
    this.#busy = false;
    this.#flush();
  }

  /** All is sent, and nothing more is taken: nothing waits for it any more. */
  end(): void {
    this.#isOver = true;
    this.#flushers?.wakeAll();
  }

  /** Drops what is unsent: the waits for it reject with `error`. */
  drop(error: unknown): void {
    this.#isOver = true;
    cancelEndOfTurn(this);
    // Not to the pool: a call of the sink may be under way.
    this.#collected = this.#sending = this.#sendingMemory = EMPTY;
    this.#collectedSize = 0;
    this.#aboveHighWater = false;
    this.#drainers?.failAll(error);
    this.#flushers?.failAll(error);
  }

  #grow(length: number): void {
    const memory = allocate(length);
    memory.set(this.#collected.subarray(0, this.#collectedSize));
    release(this.#collected);
    this.#collected = memory;
  }

  #flush(): void {
    cancelEndOfTurn(this);
    if (this.#busy || this.#isOver) return;
    if (this.#collectedSize > 0) {
      this.#sendingMemory = this.#collected;
      this.#sending = this.#collected.subarray(0, this.#collectedSize);
      this.#collected = EMPTY;
      this.#collectedSize = 0;
      return this.#send();
    }
    this.#flushers?.wakeAll();
    this.#owner.sinkDrained();
  }

  #send(): void {
    this.#busy = true;
    this.#onSent ??= (n) => this.#sent(n);
    this.#onFailed ??= (error) => this.#failed(error);
    this.#sink.write(this.#sending).then(this.#onSent, this.#onFailed);
  }

  #sent(n: number): void {
    this.#busy = false;
    if (this.#isOver) return;
    const isAll = n === this.#sending.length;
    this.#sending = isAll ? EMPTY : this.#sending.subarray(n);
    if (isAll) {
      release(this.#sendingMemory);
      this.#sendingMemory = EMPTY;
    }
    if (this.#aboveHighWater && this.size <= LOW_WATER) {
      this.releaseDrain();
    }
    if (isAll) this.#flush();
    else this.#send();
  }

  #failed(error: unknown): void {
    this.#busy = false;
    if (!this.#isOver) this.#owner.sinkFailed(error);
  }
}
