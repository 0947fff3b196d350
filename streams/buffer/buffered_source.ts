/**
 * What a reader stands on: the buffer, where its bytes come from, and the one
 * wait for them.
 *
 * It reads on demand: the source is asked only while somebody waits, and by one
 * call at a time. A wait that is given up leaves that call under way, and what
 * it brings stays in the buffer for the next one. So nothing is lost, memory is
 * bounded by what is asked for, and where nobody waits nobody reads: the
 * connection can be taken over.
 *
 * @module
 */
import { ByteBuffer } from "./byte_buffer.ts";
import type { ByteSource } from "./source_and_sink.ts";
import { MAX_IDLE_BYTES } from "./buffer_pool.ts";
import { describe, type WaitOptions } from "../../tasks/kernel/types.ts";
import {
  ExternalWaiter,
  type Place,
  Waiter,
} from "../../tasks/kernel/wait/waiter.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";

/**
 * How much the source is asked for at a time: little at first, so that
 * thousands of idle connections cost little.
 */
const MIN_READ = 1024;
const MAX_READ = 262144;

/** Takes what is waited for; `undefined` while it is not complete. */
export type Decode<T> = () => T | undefined;

/** Where a read waits. */
class SourcePlace implements Place {
  operation = "";
  readonly #source: ByteSource | undefined;
  readonly leave: () => void;

  constructor(source: ByteSource | undefined, leave: () => void) {
    this.#source = source;
    this.leave = leave;
  }

  get what(): string {
    const name = this.#source?.name;
    return name === undefined ? this.operation : `${this.operation} ${name}`;
  }
}

export class BufferedSource {
  readonly buffer = new ByteBuffer();
  readonly #source: ByteSource | undefined;
  #eof = false;
  #failure: { error: unknown } | undefined;
  #readSize = MIN_READ;
  #filling = false;
  /** What the source is filling, or has filled last. */
  #memory: Uint8Array | undefined;
  /** One for all waits, as there is one at a time. */
  readonly #place: SourcePlace;
  #waiter: Waiter<unknown> | undefined;
  #decode: Decode<unknown> | undefined;

  /** @param source Left out, the bytes are fed by hand. */
  constructor(source?: ByteSource) {
    this.#source = source;
    this.#place = new SourcePlace(source, () => {
      this.#waiter = this.#decode = undefined;
    });
  }

  /** Whether no more bytes come. */
  get eof(): boolean {
    return this.#eof;
  }

  get error(): unknown {
    return this.#failure?.error;
  }

  /** What is waited for. */
  get waitsFor(): string | undefined {
    return this.#waiter?.what;
  }

  /** Whether the source is idle and nothing is unread. */
  get untouched(): boolean {
    return !this.#filling && this.buffer.size === 0;
  }

  /**
   * Calls `decode`, at once and whenever bytes come, until it gives
   * something or throws.
   */
  read<T>(
    what: string,
    decode: Decode<T>,
    options?: WaitOptions,
  ): Promise<T> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#waiter !== undefined) {
      return readyError(
        new Error(
          `${what}: a reader serves one read at a time, and ${this.#waiter.what} is still waiting`,
        ),
      );
    }
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      const value = decode();
      if (value !== undefined) return ready(value);
    } catch (error) {
      return readyError(error);
    }
    const place = this.#place;
    place.operation = what;
    // What is fed by hand comes from the program itself, everything else from
    // the world outside.
    const waiter = this.#source === undefined
      ? new Waiter<T>(place, options)
      : new ExternalWaiter<T>(place, options);
    this.#waiter = waiter as Waiter<unknown>;
    this.#decode = decode;
    this.#fill();
    return waiter.promise;
  }

  /** Asks the source for bytes though nobody waits for them. */
  readAhead(): void {
    this.#fill();
  }

  /** Asks the source for nothing until {@linkcode resume}. */
  pause(): void {
    this.#filling = true;
  }

  resume(): void {
    this.#filling = false;
    if (this.#waiter !== undefined) this.#fill();
  }

  /** Ends the wait for `decode`, if there is one, with `value`. */
  giveUp<T>(decode: Decode<T>, value: T): void {
    if (this.#decode === decode) this.#waiter!.wake(value);
  }

  /** Says to the source that nobody reads it any more, if it wants to know. */
  cancel(reason: unknown): Promise<void> | undefined {
    return this.#source?.cancel?.(reason);
  }

  feed(data: Uint8Array): void {
    this.#checkFeed();
    if (this.#eof) throw new Error("the end was fed: nothing can follow it");
    this.buffer.append(data);
    this.#serve();
  }

  feedEof(): void {
    this.#checkFeed();
    this.end();
  }

  /** Says that no more bytes come. */
  end(): void {
    this.#eof = true;
    this.#serve();
  }

  /** Fails the wait that is under way, and all to come. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#waiter?.fail(error);
  }

  #serve(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    let value: unknown;
    try {
      value = this.#decode!();
    } catch (error) {
      waiter.fail(error);
      return;
    }
    if (value !== undefined) waiter.wake(value);
  }

  #fill(): void {
    if (this.#filling || this.#source === undefined) return;
    this.#filling = true;
    this.#memory = this.buffer.reserve(this.#readSize);
    this.#source.read(this.#memory).then(this.#filled, this.#failed);
  }

  #filled = (n: number | null): void => {
    const memory = this.#memory!;
    this.#filling = false;
    if (this.#eof) return this.buffer.commit(memory, 0); // it comes too late
    this.buffer.commit(memory, n ?? 0);
    if (n === null) {
      this.#source!.ended?.();
      return this.end();
    }
    this.#adapt(n, memory.length);
    this.#serve();
    if (this.#waiter !== undefined) this.#fill();
  };

  #failed = (error: unknown): void => {
    this.#filling = false;
    this.buffer.commit(this.#memory!, 0);
    if (this.#source!.failed?.(error) ?? true) this.fail(error);
    else this.end();
  };

  /**
   * Asks for more next time where the source had more, and for less where it
   * had little. More than an idle buffer may keep is for a steady stream alone:
   * the next read may wait for long.
   */
  #adapt(n: number, asked: number): void {
    if (n === asked) this.#readSize = Math.min(2 * this.#readSize, MAX_READ);
    else if (this.#readSize > MAX_IDLE_BYTES) this.#readSize = MAX_IDLE_BYTES;
    else if (8 * n < asked) {
      this.#readSize = Math.max(this.#readSize / 2, MIN_READ);
    }
  }

  #checkFeed(): void {
    if (this.#source !== undefined) {
      throw new Error("this reader has a source of its own and cannot be fed");
    }
  }
}

/** How long a line may be, in bytes, unless told otherwise. */
const DEFAULT_LIMIT = 65536;

/** @throws {RangeError} It is no number above 0. */
export function checkLimit(limit: unknown = DEFAULT_LIMIT): number {
  if (typeof limit === "number" && limit > 0) return limit;
  throw new RangeError(
    `the limit of a reader is a number of bytes above 0, found ${
      describe(limit)
    }`,
  );
}
