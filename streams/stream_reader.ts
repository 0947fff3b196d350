/** @module */
import { BufferedSource } from "./buffer/buffered_source.ts";
import type { ByteSource } from "./buffer/source_and_sink.ts";
import {
  all,
  exactly,
  frame,
  into,
  line,
  lineOrEnd,
  some,
  textLine,
  until,
} from "./framing/decoders.ts";
import { checkLineLimit, LineScanner } from "./framing/line_scanner.ts";
import { readableOf } from "./web/readable.ts";
import { NEWLINE, type Separator, Separators } from "./framing/separators.ts";
import { checkDecoder, type Decoder } from "./framing/frame_codec.ts";
import { StreamIterator } from "./framing/stream_iterator.ts";
import { WebSource } from "./web/web_source.ts";
import { Pipe } from "./connection/pipe.ts";
import { connectionOf, StreamWriter } from "./stream_writer.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import {
  checkFlags,
  checkOptions,
  describe,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import { composite } from "../tasks/kernel/wait/handed_wait.ts";

/** How a reader is made. */
export interface ReaderOptions {
  /**
   * How long a line may be, or what comes before a separator, in bytes: 65536
   * unless given.
   */
  limit?: number | undefined;
}

/** Makes a reader of what `source` buffers: for connections. */
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

/**
 * Lets a reader made with `new` read from `source`, to which the bytes go that the
 * reader was fed before: for protocols.
 */
export let letReadFrom: (reader: StreamReader, source: BufferedSource) => void;

interface FrameArgument<T> {
  readonly decoder: Decoder<T>;
  readonly scanner: LineScanner;
}

/** The source of a reader: for connections and pipes. */
export let sourceOf: (reader: StreamReader) => BufferedSource;

/**
 * Reads bytes, exactly as many as wanted, up to a separator, or line by line,
 * mixed freely. Mirrors `asyncio.StreamReader`.
 *
 * Readers come with a connection ({@linkcode openConnection}, {@linkcode
 * startServer}), a subprocess, or from any Web Stream ({@linkcode
 * StreamReader.from}); one made with `new` is fed by hand.
 *
 * - One read at a time: a second one while the first is waiting rejects with an
 *   `Error`.
 * - It reads on demand and holds little more than what was asked for: a peer
 *   that sends faster than it is read has to wait.
 * - A lost connection fails this read and all that follow.
 * - What a read gives is the caller's own, and of `read` and `readExactly` the
 *   `buffer` has these bytes and no others: for a `DataView`, or to be
 *   transferred. Short lines, pieces up to a separator, and frames that came
 *   together may share one: mind the `byteOffset`, and copy them (`slice()`)
 *   before. What {@linkcode peek} gives is a view of the reader's own memory.
 * - The bytes that came before a connection was lost are given first. A read that
 *   they do not complete rejects with them as the error's `partial`.
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
export class StreamReader implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  #source: BufferedSource;
  #scanner: LineScanner;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

  /**
   * Makes a reader that is fed with {@linkcode feedData}, {@linkcode feedEof}
   * and {@linkcode setException}.
   *
   * @throws {RangeError} The limit is 0 or less.
   */
  constructor(options?: ReaderOptions) {
    this.#scanner = new LineScanner(lineLimitOf(options));
    this.#source = new BufferedSource();
  }

  /**
   * A reader of a Web Stream: a response's body, a file, a child's output. It
   * locks the stream.
   *
   * @throws {TypeError} `source` is no `ReadableStream`, or is locked.
   * @throws {RangeError} The limit is 0 or less.
   *
   * @example
   * ```ts
   * import { StreamReader } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const reader = StreamReader.from(new Response("hello").body!);
   * assertEquals(new TextDecoder().decode(await reader.readExactly(4)), "hell");
   * ```
   */
  static from(
    source: ReadableStream<Uint8Array>,
    options?: ReaderOptions,
  ): StreamReader {
    lineLimitOf(options); // before the stream is locked
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
  read(n?: number, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
    const what = "StreamReader.read";
    if (n === undefined) {
      return this.#source.read(what, all, options);
    }
    const wrong = checkCount(n);
    if (wrong !== undefined) return wrong;
    return this.#source.read(what, some, options, n);
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
  readLine(options?: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
    const what = "StreamReader.readLine";
    return this.#source.read(what, line, options, this.#scanner);
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
    separator?: Separator,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    let separators: Separators;
    try {
      const isNewline = separator === undefined || separator === "\n";
      separators = isNewline ? NEWLINE : new Separators(separator);
    } catch (error) {
      return Promise.reject(error);
    }
    const argument = { separators, scanner: this.#scanner };
    return this.#source.read(
      "StreamReader.readUntil",
      until,
      options,
      argument,
    );
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
  readExactly(
    n: number,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const what = "StreamReader.readExactly";
    const wrong = checkCount(n);
    if (wrong !== undefined) return wrong;
    return this.#source.read(what, exactly, options, n);
  }

  /**
   * Waits until at least `n` bytes are there, and gives all that are, without
   * taking them; fewer only at the end. It is not bound by the reader's limit.
   * {@linkcode discard} takes them. As the `Peek` of Go's `bufio.Reader`.
   *
   * The array is a view of the reader's own memory: no copy, valid until the next
   * call on the reader, and to be looked at only.
   *
   * **Cancel safety:** it takes nothing.
   *
   * @param n 1 unless given.
   *
   * @throws {RangeError} `n` is negative.
   * @throws {Error} Another read is waiting, or the connection was lost with
   * nothing unread.
   *
   * @example An echo without a copy of its own
   * ```ts
   * import { openConnection, startServer } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await startServer(async (reader, writer) => {
   *   for (let bytes; (bytes = await reader.peek()).length > 0;) {
   *     writer.write(bytes);
   *     reader.discard(bytes.length);
   *     await writer.drain();
   *   }
   *   writer.close();
   * }, { hostname: "127.0.0.1" });
   *
   * const { port } = server.addresses[0] as Deno.NetAddr;
   * await using client = await openConnection({ port });
   * client.writer.write("hello");
   * client.writer.writeEof();
   * assertEquals(new TextDecoder().decode(await client.reader.read()), "hello");
   * ```
   */
  peek(n?: number, options?: WaitOptions): Promise<Uint8Array<ArrayBuffer>> {
    const what = "StreamReader.peek";
    const least = n === undefined ? 1 : n;
    const wrong = checkCount(least);
    if (wrong !== undefined) return wrong;
    const source = this.#source;
    return source.read(
      what,
      (buffer, eof) => {
        const { size } = buffer;
        // What came before a failure comes first.
        const isAll = eof || source.isOver && size > 0;
        return size >= least || isAll ? buffer.view() : undefined;
      },
      options,
    );
  }

  /**
   * Takes the first `n` of the bytes that are there, as {@linkcode peek} has given
   * them. As the `Discard` of Go's `bufio.Reader`, but it never waits.
   *
   * @throws {RangeError} `n` is no number of bytes, or more than are there: none is
   * taken.
   * @throws {Error} A read is waiting.
   */
  discard(n: number): void {
    const { buffer, waitsFor } = this.#source;
    if (!Number.isInteger(n) || n < 0 || n > buffer.size) {
      throw new RangeError(
        `Cannot discard: a number of bytes from 0 to ${buffer.size}, received ${
          describe(n)
        }`,
      );
    }
    if (waitsFor !== undefined) {
      throw new Error(`Cannot discard: ${waitsFor} is waiting`);
    }
    this.#source.discard(n);
  }

  /**
   * Reads what is there into `target`: at least one byte, and as many as fit at the
   * most. Gives their number; 0 at the end.
   *
   * **Cancel safety:** a read given up leaves all its bytes to the next one, and
   * `target` as it is: it is written to only when the read ends.
   *
   * @throws {TypeError} `target` is no `Uint8Array`, or was transferred meanwhile:
   * the bytes stay for the next read.
   * @throws {RangeError} `target` is empty.
   * @throws {Error} Another read is waiting, or the connection was lost.
   *
   * @example
   * ```ts
   * import { StreamReader } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const reader = StreamReader.from(new Response("hello").body!);
   * const target = new Uint8Array(3);
   * assertEquals(await reader.readInto(target), 3);
   * assertEquals(new TextDecoder().decode(target), "hel");
   * ```
   */
  readInto(target: Uint8Array, options?: WaitOptions): Promise<number> {
    const what = "StreamReader.readInto";
    if (!(target instanceof Uint8Array)) {
      return Promise.reject(
        new TypeError(
          `Cannot read: expected a Uint8Array to fill, received ${
            describe(target)
          }`,
        ),
      );
    }
    if (target.length === 0) {
      return Promise.reject(
        new RangeError(
          "Cannot read: expected a target of at least one byte, received an empty one",
        ),
      );
    }
    return this.#source.read(what, into, options, target);
  }

  /**
   * Reads a line as text, without its `"\n"` or `"\r\n"`; `undefined` at the end.
   * What is no UTF-8 becomes U+FFFD. The same lines as {@linkcode lines} gives.
   *
   * **Cancel safety:** a read given up leaves all its bytes to the next one.
   *
   * @throws {LimitOverrunError} The line is longer than the limit. It is dropped,
   * or as much of it as was there.
   * @throws {Error} Another read is waiting, or the connection was lost.
   *
   * @example
   * ```ts
   * import { StreamReader } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const reader = StreamReader.from(new Response("one\r\n\ntwo").body!);
   * assertEquals(await reader.readTextLine(), "one");
   * assertEquals(await reader.readTextLine(), "");
   * assertEquals(await reader.readTextLine(), "two");
   * assertEquals(await reader.readTextLine(), undefined);
   * ```
   */
  readTextLine(options?: WaitOptions): Promise<string | undefined> {
    const what = "StreamReader.readTextLine";
    return this.#source.read<string | undefined, LineScanner>(
      what,
      textLine,
      options,
      this.#scanner,
    );
  }

  /**
   * Reads a frame, as `decoder` finds it; `undefined` at the end. It is not bound
   * by the reader's limit. {@linkcode lengthPrefixed}, {@linkcode delimited} and
   * {@linkcode jsonLines} give decoders; a protocol of your own is a {@linkcode
   * Decoder}.
   *
   * **Cancel safety:** a frame is taken whole or not at all: a read given up leaves
   * all its bytes to the next one.
   *
   * @throws {IncompleteReadError} The stream ended within a frame; the error has
   * what was there.
   * @throws What the decoder throws or returns as an error.
   * @throws {TypeError} It is no decoder, or gives an `undefined` value.
   * @throws {RangeError} It gives a length that no frame has.
   * @throws {Error} Another read is waiting, or the connection was lost.
   *
   * @example
   * ```ts
   * import { lengthPrefixed, StreamReader } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const codec = lengthPrefixed({ lengthBytes: 1 });
   * const reader = new StreamReader();
   * reader.feedData(new Uint8Array([2, 104, 105]));
   * reader.feedEof();
   * assertEquals(await reader.readFrame(codec), new Uint8Array([104, 105]));
   * assertEquals(await reader.readFrame(codec), undefined);
   * ```
   */
  readFrame<T>(
    decoder: Decoder<T>,
    options?: WaitOptions,
  ): Promise<T | undefined> {
    const what = "StreamReader.readFrame";
    try {
      checkDecoder(decoder);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#source.read<T | undefined, FrameArgument<T>>(
      what,
      frame,
      options,
      { decoder, scanner: this.#scanner },
    );
  }

  /**
   * The frames that `decoder` finds, to the end of the stream: see {@linkcode
   * readFrame}.
   *
   * **Cancel safety:** ending the iteration, or cancelling it, takes no part of a
   * frame.
   *
   * @throws {TypeError} It is no decoder.
   * @throws While iterating: what {@linkcode readFrame} rejects with.
   *
   * @example
   * ```ts
   * import { delimited, StreamReader } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const reader = StreamReader.from(new Response("a;b;c").body!);
   * const frames = await Array.fromAsync(reader.frames(delimited(";")));
   * assertEquals(frames.length, 3);
   * ```
   */
  frames<T>(decoder: Decoder<T>, options?: WaitOptions): AsyncIterable<T> {
    checkDecoder(decoder);
    const argument = { decoder, scanner: this.#scanner };
    return {
      [Symbol.asyncIterator]: () =>
        new StreamIterator<T, FrameArgument<T>>(
          this.#source,
          frame,
          argument,
          options,
        ),
    };
  }

  /**
   * Hands on all bytes to `writer`, up to the end, and closes it; resolves to their
   * number when all are sent. Nothing is copied, and at most two chunks are held:
   * a slow writer holds the peer back. Several pipes may share a writer: they take
   * turns, a chunk each.
   *
   * - With `preventClose` the writer stays open, for a `writeEof` of your own, or
   *   for more.
   * - An error of this reader rejects it, and leaves the writer open. What came
   *   before has been handed on.
   * - An error or the end of the writer rejects it; what was not handed on can be
   *   read.
   *
   * **Cancel safety:** given up, both ends stay open until all is sent, and another
   * `pipeTo` goes on without a gap.
   *
   * @throws {TypeError} `writer` is no {@linkcode StreamWriter}, or `preventClose` no
   * boolean.
   * @throws {Error} Another read is waiting, the connection was lost, or the writer
   * is closed.
   *
   * @example
   * ```ts
   * import { StreamReader, StreamWriter } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
   * const reader = StreamReader.from(new Response("all of it").body!);
   * const piping = reader.pipeTo(StreamWriter.from(writable));
   * assertEquals(await new Response(readable).text(), "all of it");
   * assertEquals(await piping, 9);
   * ```
   */
  pipeTo(
    writer: StreamWriter,
    options?: WaitOptions & { preventClose?: boolean | undefined },
  ): Promise<number> {
    return composite(() => this.#pipeTo(writer, options));
  }

  async #pipeTo(
    writer: StreamWriter,
    options: WaitOptions & { preventClose?: boolean | undefined } | undefined,
  ): Promise<number> {
    if (!(writer instanceof StreamWriter)) {
      throw new TypeError(
        `Cannot pipe: expected a StreamWriter, as StreamWriter.from(stream), received ${
          describe(writer)
        }`,
      );
    }
    if (options !== undefined) {
      checkOptions(options, "pipe");
      checkFlags(options, ["preventClose"], "pipe");
    }
    const connection = connectionOf(writer);
    const passed = await new Pipe(this.#source, connection).run(options);
    // Closing comes last: a pipe given up before leaves the writer open.
    await connection.flushed(options);
    if (!options?.preventClose) {
      connection.close();
      await connection.waitClosed(options);
    }
    return passed;
  }

  /**
   * The lines as text, without their `"\n"` or `"\r\n"`, to the end of the
   * stream. What is no UTF-8 becomes U+FFFD. {@linkcode readTextLine} reads one.
   *
   * **Cancel safety:** ending the iteration, or cancelling it, loses no byte
   * that was not given out.
   *
   * @throws {LimitOverrunError} While iterating: a line is longer than the limit.
   * It is dropped, and the iteration may be begun again after it.
   * @throws {Error} While iterating: another read is waiting, or the connection was
   * lost.
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
    return {
      [Symbol.asyncIterator]: () =>
        new StreamIterator(this.#source, textLine, this.#scanner, options),
    };
  }

  /**
   * Iterates over the lines, each as {@linkcode readLine} gives it, to the end of
   * the stream. Mirrors `async for` over an `asyncio.StreamReader`.
   *
   * **Cancel safety:** as {@linkcode lines}.
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array<ArrayBuffer>, undefined> {
    return new StreamIterator(this.#source, lineOrEnd, this.#scanner);
  }

  /**
   * Whether the end has come and everything is read. The end also comes when this
   * side closes the connection. Mirrors `asyncio.StreamReader.at_eof`.
   */
  get atEof(): boolean {
    return this.#source.eof && this.#source.buffer.size === 0;
  }

  /**
   * Adds bytes, a copy of them, to a reader made with `new`. Mirrors
   * `asyncio.StreamReader.feed_data`.
   *
   * @throws {TypeError} `data` is no `Uint8Array`.
   * @throws {Error} After {@linkcode feedEof}, or on a reader with a source of
   * its own.
   */
  feedData(data: Uint8Array): void {
    if (!(data instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot feed: expected a Uint8Array, received ${describe(data)}`,
      );
    }
    this.#source.feed(data);
  }

  /**
   * Ends a reader made with `new`: no more bytes come. A second call does nothing.
   * Mirrors `asyncio.StreamReader.feed_eof`.
   *
   * @throws {Error} On a reader with a source of its own.
   */
  feedEof(): void {
    this.#source.feedEof();
  }

  /**
   * Rejects the read that is waiting, and every later one, with `error`; `drain` of
   * the connection's writer as well. Mirrors `asyncio.StreamReader.set_exception`.
   */
  setException(error: unknown): void {
    this.#source.fail(error, true);
  }

  /**
   * The rest of the bytes as a Web Stream: a byte stream, so that a consumer
   * may bring its own memory. The same object every time.
   *
   * It takes bytes only when a consumer asks for them. Cancelling it leaves the
   * reader and its connection as they are. But a Web Stream that the reader was made
   * from ({@linkcode StreamReader.from}) is cancelled with it, so that a file behind
   * it is closed; and the pipe of a program is closed, so that the program does not
   * wait for ever when it writes more.
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
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableOf(this.#source);
  }

  static {
    readerOn = (source, options) => {
      const reader = new StreamReader(options);
      reader.#source = source;
      return reader;
    };
    letReadFrom = (reader, source) => {
      source.buffer.append(reader.#source.buffer.takeAll());
      reader.#source = source;
      reader.#scanner = new LineScanner(reader.#scanner.limit);
    };
    sourceOf = (reader) => reader.#source;
    printable(StreamReader, (reader) => ({
      limit: reader.#scanner.limit,
      buffered: reader.#source.buffer.size,
      eof: reader.#source.eof,
      waiting: reader.#source.waitsFor,
      error: reader.#source.failure?.error,
    }));
  }
}

function checkCount(n: unknown): Promise<never> | undefined {
  if (n === Infinity || Number.isInteger(n) && n as number >= 0) return;
  return Promise.reject(
    new RangeError(
      `Cannot read: expected a number of bytes of 0 or more, received ${
        describe(n)
      }`,
    ),
  );
}

/** @throws {TypeError} `options` are not an object. */
function lineLimitOf(options: ReaderOptions | undefined): number {
  checkOptions(options, "make a reader");
  return checkLineLimit(options?.limit);
}
