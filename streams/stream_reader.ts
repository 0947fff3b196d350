/** @module */
import { BufferedSource, checkLimit } from "./buffer/buffered_source.ts";
import type { ByteBuffer } from "./buffer/byte_buffer.ts";
import type { ByteSource } from "./buffer/source_and_sink.ts";
import { Decoders, NEWLINE } from "./framing/decoders.ts";
import { readableOf } from "./web/readable.ts";
import { type Separator, Separators } from "./framing/separators.ts";
import { StreamIterator } from "./framing/stream_iterator.ts";
import { WebSource } from "./web/web_source.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";

/** How a reader is made. */
export interface ReaderOptions {
  /**
   * How long a line may be, or what comes before a separator, in bytes: 65536
   * unless given.
   */
  limit?: number | undefined;
}

/** Makes a reader that stands on `source`: for connections. */
export let readerOn: (
  source: BufferedSource,
  options?: ReaderOptions,
) => StreamReader;

/** Makes a reader over a source: for pipes and Web Streams. */
export function readerOver(
  source: ByteSource,
  options?: ReaderOptions,
): StreamReader {
  return readerOn(new BufferedSource(source), options);
}

/** What a reader stands on: for connections and pipes. */
export let sourceOf: (reader: StreamReader) => BufferedSource;

/**
 * Reads bytes, exactly as many as wanted, up to a separator, or line by line,
 * mixed freely. Mirrors `asyncio.StreamReader`.
 *
 * Readers come with a connection ({@linkcode openConnection}, {@linkcode
 * startServer}), a subprocess, or from any Web Stream ({@linkcode
 * StreamReader.from}); one made with `new` is fed by hand.
 *
 * - One read at a time: a second one while the first is waiting is refused with
 *   an `Error`.
 * - It reads on demand and holds little more than what was asked for: a peer
 *   that sends faster than it is read has to wait.
 * - A lost connection fails this read and all that follow.
 * - What a read gives is the caller's own, and of `read` and `readExactly` the
 *   `buffer` has these bytes and no others: for a `DataView`, or to be
 *   transferred. Short lines, and pieces up to a separator, that came together
 *   may share one: mind the `byteOffset`, and copy them (`slice()`) before.
 *
 * **Cancel safety:** every read that is cancelled or aborted, or given up by a
 * timeout, leaves all its bytes to the next one. That holds for each method
 * here.
 *
 * @example
 * ```ts
 * import { StreamReader } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * const body = new Response("name: ada\r\n\r\n12345").body!;
 * const reader = StreamReader.from(body);
 * const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
 *
 * assertEquals(text(await reader.readUntil(":")), "name:");
 * assertEquals(text(await reader.readLine()), " ada\r\n");
 * assertEquals(text(await reader.readExactly(2)), "\r\n");
 * assertEquals(text(await reader.read()), "12345");
 * assertEquals(reader.atEof, true);
 * ```
 */
export class StreamReader implements AsyncIterable<Uint8Array> {
  readonly #limit: number;
  #source: BufferedSource;
  readonly #decoders: Decoders;
  #readable: ReadableStream<Uint8Array> | undefined;

  /**
   * Makes a reader that is fed with {@linkcode feedData}, {@linkcode feedEof}
   * and {@linkcode setException}.
   *
   * @throws {RangeError} The limit is 0 or less.
   */
  constructor(options?: ReaderOptions) {
    this.#limit = checkLimit(options?.limit);
    this.#source = new BufferedSource();
    this.#decoders = new Decoders(this.#limit);
  }

  /**
   * A reader of a Web Stream: a response's body, a file, a child's output. It
   * locks the stream.
   *
   * @throws {TypeError} The stream is locked.
   * @throws {RangeError} The limit is 0 or less.
   */
  static from(
    source: ReadableStream<Uint8Array>,
    options?: ReaderOptions,
  ): StreamReader {
    checkLimit(options?.limit);
    return readerOver(new WebSource(source), options);
  }

  /**
   * Reads what is there: at least one byte, and `n` at the most; an empty array
   * at the end. Without `n` it reads everything up to the end. Mirrors
   * `asyncio.StreamReader.read`.
   *
   * **Cancel safety:** a read given up leaves all its bytes to the next one.
   *
   * @throws {RangeError} `n` is negative.
   * @throws {Error} Another read is waiting, or the connection was lost.
   */
  read(n?: number, options?: WaitOptions): Promise<Uint8Array> {
    const what = "StreamReader.read";
    if (n === undefined) {
      return this.#source.read(what, this.#decoders.all, options);
    }
    const wrong = checkCount(n, what);
    if (wrong !== undefined) return wrong;
    return this.#source.read(
      what,
      (buffer, eof) => this.#decoders.some(n, buffer, eof),
      options,
    );
  }

  /**
   * Reads a line, with its `"\n"`; at the end of the stream what is left, or an
   * empty array. Mirrors `asyncio.StreamReader.readline`.
   *
   * **Cancel safety:** a read given up leaves all its bytes to the next one.
   *
   * @throws {LimitOverrunError} The line is longer than the limit. It is
   * dropped, or as much of it as was there.
   * @throws {Error} Another read is waiting, or the connection was lost.
   */
  readLine(options?: WaitOptions): Promise<Uint8Array> {
    const what = "StreamReader.readLine";
    return this.#source.read(what, this.#decoders.line, options);
  }

  /**
   * Reads up to a separator, and that with it; of several the one that ends
   * first. Mirrors `asyncio.StreamReader.readuntil`.
   *
   * No byte is searched twice, however small the pieces are in which it comes.
   *
   * **Cancel safety:** a read given up leaves all its bytes to the next one.
   *
   * @param separator `"\n"` unless given.
   *
   * @throws {TypeError} A separator is empty, or there is none.
   * @throws {IncompleteReadError} The stream ended before; the error has what
   * was there.
   * @throws {LimitOverrunError} More bytes than the limit come before it. They
   * stay in the reader.
   * @throws {Error} Another read is waiting, or the connection was lost.
   *
   * @example
   * ```ts
   * import { StreamReader } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const reader = StreamReader.from(new Response("one;two|").body!);
   * const part = await reader.readUntil(["|", ";"]);
   * assertEquals(new TextDecoder().decode(part), "one;");
   * ```
   */
  readUntil(
    separator: Separator = "\n",
    options?: WaitOptions,
  ): Promise<Uint8Array> {
    let separators: Separators;
    try {
      separators = separator === "\n" ? NEWLINE : new Separators(separator);
    } catch (error) {
      return Promise.reject(error);
    }
    const decode = (buffer: ByteBuffer, eof: boolean) =>
      this.#decoders.until(separators, buffer, eof);
    return this.#source.read("StreamReader.readUntil", decode, options);
  }

  /**
   * Reads exactly `n` bytes. Mirrors `asyncio.StreamReader.readexactly`.
   *
   * **Cancel safety:** a read given up leaves all its bytes to the next one.
   *
   * @throws {RangeError} `n` is negative.
   * @throws {IncompleteReadError} The stream ended before; the error has what
   * was there.
   * @throws {Error} Another read is waiting, or the connection was lost.
   */
  readExactly(n: number, options?: WaitOptions): Promise<Uint8Array> {
    const what = "StreamReader.readExactly";
    const wrong = checkCount(n, what);
    if (wrong !== undefined) return wrong;
    return this.#source.read(
      what,
      (buffer, eof) => this.#decoders.exactly(n, buffer, eof),
      options,
    );
  }

  /**
   * The lines as text, without their `"\n"` or `"\r\n"`. What is no UTF-8
   * becomes U+FFFD.
   *
   * **Cancel safety:** ending the iteration, or cancelling it, loses no byte
   * that was not given out.
   *
   * @example
   * ```ts
   * import { StreamReader } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const reader = StreamReader.from(new Response("one\r\ntwo\nend").body!);
   * assertEquals(await Array.fromAsync(reader.lines()), ["one", "two", "end"]);
   * ```
   */
  lines(options?: WaitOptions): AsyncIterable<string> {
    const { nextText } = this.#decoders;
    return {
      [Symbol.asyncIterator]: () =>
        new StreamIterator(this.#source, nextText, options),
    };
  }

  /** Iterates over the lines, each with its `"\n"`. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return new StreamIterator(this.#source, this.#decoders.nextLine);
  }

  /**
   * Whether the end has come and everything is read; it comes as well when this
   * side closes the connection. Mirrors `asyncio.StreamReader.at_eof`.
   */
  get atEof(): boolean {
    return this.#source.eof && this.#source.buffer.size === 0;
  }

  /**
   * Adds bytes, a copy of them, to a reader made with `new`. Mirrors
   * `asyncio.StreamReader.feed_data`.
   *
   * @throws {Error} After {@linkcode feedEof}, or on a reader with a source of
   * its own.
   */
  feedData(data: Uint8Array): void {
    if (!(data instanceof Uint8Array)) {
      throw new TypeError(`expected a Uint8Array, found ${describe(data)}`);
    }
    this.#source.feed(data);
  }

  /**
   * Says that no more bytes come, to a reader made with `new`; again, it does
   * nothing. Mirrors `asyncio.StreamReader.feed_eof`.
   *
   * @throws {Error} On a reader with a source of its own.
   */
  feedEof(): void {
    this.#source.feedEof();
  }

  /**
   * Lets the read that is waiting, and every later one, throw `error`. Mirrors
   * `asyncio.StreamReader.set_exception`.
   */
  setException(error: unknown): void {
    this.#source.fail(error, true);
  }

  /**
   * The rest of the bytes as a Web Stream: a byte stream, so that a consumer
   * may bring its own memory. The same object every time.
   *
   * It takes bytes only for a consumer that asks. Cancelling it leaves the
   * reader and its connection as they are; a Web Stream that is read
   * ({@linkcode StreamReader.from}) is cancelled with it, so that what it
   * holds, as a file, is let go.
   *
   * @example
   * ```ts
   * import { StreamReader } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const reader = StreamReader.from(new Response("head\nbody").body!);
   * await reader.readLine();
   * assertEquals(await new Response(reader.readable).text(), "body");
   * ```
   */
  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= readableOf(this.#source, this.#decoders);
  }

  static {
    readerOn = (source, options) => {
      const reader = new StreamReader(options);
      reader.#source = source;
      return reader;
    };
    sourceOf = (reader) => reader.#source;
    printable(StreamReader, (reader) => ({
      limit: reader.#limit,
      buffered: reader.#source.buffer.size,
      eof: reader.#source.eof,
      waiting: reader.#source.waitsFor,
      error: reader.#source.failure?.error,
    }));
  }
}

function checkCount(n: unknown, what: string): Promise<never> | undefined {
  if (n === Infinity || Number.isInteger(n) && n as number >= 0) return;
  return Promise.reject(
    new RangeError(
      `${what} takes a number of bytes of 0 or more, found ${describe(n)}`,
    ),
  );
}
