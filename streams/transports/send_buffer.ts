/** @module */
import { MAX_IDLE_BYTES } from "../buffer/buffer_pool.ts";

const EMPTY: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/**
 * The bytes that are still to be sent, the oldest of which the system may be
 * reading: they are never moved, and what is added stands behind them.
 */
export class SendBuffer {
  #memory = EMPTY;
  #start = 0;
  #end = 0;

  get size(): number {
    return this.#end - this.#start;
  }

  /** All of them, for the system to read. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.subarray(this.#start, this.#end);
  }

  /** Adds a copy of `data`. */
  add(data: Uint8Array): void {
    if (this.#end + data.length > this.#memory.length) this.#grow(data.length);
    this.#memory.set(data, this.#end);
    this.#end += data.length;
  }

  /** The first `n` bytes are sent. */
  skip(n: number): void {
    this.#start += n;
    if (this.#start < this.#end) return;
    this.#start = this.#end = 0;
    if (this.#memory.length > MAX_IDLE_BYTES) this.#memory = EMPTY;
  }

  /** Drops all. */
  clear(): void {
    this.#memory = EMPTY;
    this.#start = this.#end = 0;
  }

  /** To other memory: the system may be reading the old one. */
  #grow(n: number): void {
    const { size } = this;
    const memory = new Uint8Array(Math.max(size + n, 2 * size));
    memory.set(this.bytes);
    this.#memory = memory;
    this.#start = 0;
    this.#end = size;
  }
}
