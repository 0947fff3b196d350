/** The pipe from an output of a program. @module */
import type { ByteSource } from "../../streams/buffer/source_and_sink.ts";
import type { FanOut } from "./fan_out.ts";

/**
 * How many bytes are read ahead of the reader when the program has ended. A pipe
 * holds less.
 */
const MAX_READ_AHEAD = 1 << 20;

/** The size of a read, in bytes: the largest one after a read that was full. */
const MIN_READ = 4096;
const MAX_READ = 65536;

const NO_MEMORY = new ArrayBuffer(0);

/** How a pipe is used. */
export interface PipeUse {
  /** Whether its bytes are kept for a reader. */
  readonly isRead: boolean;
  /** The targets of its bytes, beside the reader. */
  readonly fanOut: FanOut | undefined;
  /** Called when the pipe is closed, at either end. */
  closed(): void;
}

/**
 * The pipe to which a program writes. If it has a reader it is read on demand, so
 * that a program that writes faster waits.
 */
export class PipeSource implements ByteSource {
  /** Called when bytes were read. */
  onBytes: (() => void) | undefined = undefined;
  /** Whether the pipe is closed, at either end. */
  closed = false;
  readonly #reader: ReadableStreamBYOBReader;
  readonly #use: PipeUse;
  /** Whether bytes are kept for a reader. */
  #isRead: boolean;
  /** The chunks that were read, and not taken by the reader. */
  readonly #chunks: Uint8Array[] = [];
  /** The memory of the last read, and of the one before. */
  #memory = NO_MEMORY;
  #olderMemory = NO_MEMORY;
  #readSize = MIN_READ;
  /** The write of the chunk before to the targets, while the next one is read. */
  #delivery: Promise<void> | undefined = undefined;
  #reading: Promise<void> | undefined = undefined;

  constructor(pipe: ReadableStream<Uint8Array>, use: PipeUse) {
    this.#reader = pipe.getReader({ mode: "byob" });
    this.#use = use;
    this.#isRead = use.isRead;
    if (!use.isRead) this.readAhead().catch(() => {});
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.closed) return null;
      await (this.#reading ??= this.#readChunk());
    }
    const chunk = this.#chunks[0]!;
    const n = Math.min(chunk.length, buffer.length);
    buffer.set(n === chunk.length ? chunk : chunk.subarray(0, n));
    if (n === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(n);
    return n;
  }

  /**
   * Reads without a call of `read`: to the end, if there is no reader; else the rest
   * of the pipe, so that it is closed.
   */
  async readAhead(): Promise<void> {
    let left = this.#isRead ? MAX_READ_AHEAD : Infinity;
    while (!this.closed && left > 0) {
      await (this.#reading ??= this.#readChunk());
      left -= this.#chunks.at(-1)?.length ?? 0;
    }
  }

  /**
   * Closes the pipe: the next write of the program fails, and readers find the end
   * after the bytes that were read.
   */
  close(): void {
    if (this.closed) return;
    this.#end();
    this.#reader.cancel().catch(() => {});
  }

  /**
   * A Web Stream over the reader was cancelled: nothing reads any more, so a program
   * that went on writing would wait for ever. Targets still get everything.
   */
  // deno-lint-ignore require-await -- the source of a Web Stream
  async cancel(): Promise<void> {
    this.#isRead = false;
    if (this.#use.fanOut?.hasTargets) this.readAhead().catch(() => {});
    else this.close();
  }

  async #readChunk(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read(this.#freeMemory());
      if (done || value === undefined) return this.#end();
      this.#olderMemory = this.#memory;
      this.#memory = value.buffer;
      if (value.length === this.#memory.byteLength) this.#readSize = MAX_READ;
      this.onBytes?.();
      await this.#delivery;
      const { fanOut } = this.#use;
      this.#delivery = fanOut?.write(value);
      if (this.#isRead) this.#chunks.push(value);
      else if (!fanOut?.hasTargets) this.close(); // writes of the program fail
    } catch (error) {
      this.#end();
      throw error;
    } finally {
      this.#reading = undefined;
    }
  }

  /** Returns memory of an earlier read, if its bytes were taken; else new memory. */
  #freeMemory(): Uint8Array<ArrayBuffer> {
    const { fanOut } = this.#use;
    const memory = fanOut === undefined ? this.#memory : this.#olderMemory;
    const isFree = this.#isRead
      ? fanOut === undefined && this.#chunks.length === 0
      : true; // the chunk before the last has been delivered
    return new Uint8Array(
      isFree && memory.byteLength >= this.#readSize
        ? memory
        : new ArrayBuffer(this.#readSize),
    );
  }

  #end(): void {
    if (this.closed) return;
    this.closed = true;
    this.#use.closed();
  }
}
