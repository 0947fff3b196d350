/** @module */
import { formatAddress } from "./address.ts";
import { allBytesOf, bytesOf } from "./bytes_of.ts";
import type { ByteSink } from "./buffer/source_and_sink.ts";
import type { FrameCodec } from "./framing/frame_codec.ts";
import { Connection } from "./connection/connection.ts";
import { closedUnlessStuck } from "./connection/stuck_peer.ts";
import type { StartTlsOptions } from "./tls_options.ts";
import { WebSink } from "./web/web_sink.ts";
import { sendingTo, writableOf } from "./web/writable.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import { isCancelled } from "../tasks/kernel/errors.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";

/** Makes a writer to `connection`. */
export let writerOn: (
  connection: Connection,
) => StreamWriter;

/** Makes a writer to a sink: for pipes and Web Streams. */
export function writerOver(sink: ByteSink): StreamWriter {
  return writerOn(new Connection(sink));
}

/** The connection of a writer: for pipes. */
export let connectionOf: (writer: StreamWriter) => Connection;

/** A Web Stream to `writer` that has written when the bytes are sent: for transports. */
export function sendingStream(
  writer: StreamWriter,
): WritableStream<Uint8Array> {
  return sendingTo(connectionOf(writer));
}

const encoder = new TextEncoder();
/** Short text is encoded in here: a character takes at most three bytes. */
const scratch = new Uint8Array(1 << 12);

/**
 * Writes bytes and text, and holds back code that writes faster than the peer
 * reads. Mirrors `asyncio.StreamWriter`.
 *
 * Writers come with a connection ({@linkcode openConnection}, {@linkcode
 * startServer}), a subprocess, or from any Web Stream ({@linkcode
 * StreamWriter.from}).
 *
 * - `write` never waits. What is written in one turn leaves in one system call,
 *   in order: when the connection's reader begins to wait, or at the end of the
 *   turn.
 * - After writing, `await drain()`: it waits while more than 64 KiB are unsent,
 *   until no more than 16 KiB are, and throws when the connection was lost.
 * - If the connection was lost, `drain` and `waitClosed` reject, and nothing else
 *   does.
 *
 * @example
 * ```ts
 * import { openConnection, startServer } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await startServer(async (_reader, writer) => {
 *   writer.write("hello ");
 *   writer.write(new TextEncoder().encode("there"));
 *   await writer.drain();
 *   writer.close();
 * }, { hostname: "127.0.0.1" });
 *
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const { reader, writer } = await openConnection({ port });
 * assertEquals(new TextDecoder().decode(await reader.read()), "hello there");
 * writer.close();
 * await writer.waitClosed();
 * ```
 */
export class StreamWriter implements AsyncDisposable {
  readonly #connection: Connection;
  #writable: WritableStream<Uint8Array> | undefined;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * A writer to a Web Stream. It locks the stream; {@linkcode writeEof} and
   * {@linkcode close} close it.
   *
   * @throws {TypeError} `sink` is no `WritableStream`, or is locked.
   *
   * @example
   * ```ts
   * import { StreamWriter } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
   * const writer = StreamWriter.from(writable);
   * writer.write("one, ");
   * writer.write("two");
   * writer.close();
   * assertEquals(await new Response(readable).text(), "one, two");
   * ```
   */
  static from(sink: WritableStream<Uint8Array<ArrayBuffer>>): StreamWriter {
    return writerOver(new WebSink(sink));
  }

  /**
   * Takes bytes, or text as UTF-8, to be sent; never waits. They are taken as
   * they are now: the array may be changed afterwards. Mirrors
   * `asyncio.StreamWriter.write`.
   *
   * If the connection was lost they are dropped, and `drain` rejects.
   *
   * @throws {Error} After {@linkcode close}, {@linkcode abort} or {@linkcode
   * writeEof}.
   * @throws {TypeError} `data` is neither bytes nor text.
   */
  write(data: Uint8Array | string): void {
    const bytes = typeof data === "string"
      ? encodeForCopy(data)
      : bytesOf(data, "write");
    this.#connection.checkOpen();
    this.#connection.write(bytes);
  }

  /**
   * Takes all of the pieces: nothing is put between them. Mirrors
   * `asyncio.StreamWriter.writelines`.
   *
   * @throws {Error} As {@linkcode write}; then none of them is taken.
   * @throws {TypeError} `data` is no iterable, or one of them is neither bytes nor
   * text; then none is taken.
   */
  writeLines(data: Iterable<Uint8Array | string>): void {
    const pieces = allBytesOf(data, "write");
    this.#connection.checkOpen();
    for (const piece of pieces) this.#connection.write(piece);
  }

  /**
   * Takes a frame: the bytes that `codec` makes of `value`. A frame is taken whole
   * or not at all.
   *
   * @throws What `codec.encode` throws: nothing is taken then.
   * @throws {Error} As {@linkcode write}.
   * @throws {TypeError} `codec` is no codec.
   *
   * @example
   * ```ts
   * import { jsonLines, StreamWriter } from "@asyncio/asyncio/streams";
   * import { assertEquals } from "@std/assert";
   *
   * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
   * const writer = StreamWriter.from(writable);
   * writer.writeFrame(jsonLines(), { id: 1 });
   * writer.close();
   * assertEquals(await new Response(readable).text(), '{"id":1}\n');
   * ```
   */
  writeFrame<T>(codec: FrameCodec<T>, value: T): void {
    if (typeof codec?.encode !== "function") {
      throw new TypeError(
        `Cannot write a frame: expected a codec, as lengthPrefixed(), received ${
          describe(codec)
        }`,
      );
    }
    this.write(codec.encode(value));
  }

  /**
   * Waits if more than 64 KiB are unsent, until no more than 16 KiB are. Any number
   * of tasks may wait. Mirrors `asyncio.StreamWriter.drain`.
   *
   * **Cancel safety:** giving up changes nothing: what was written is sent.
   *
   * @throws {Error} The connection was lost, or the writer was aborted with
   * bytes unsent.
   * @throws The error that the connection's reader was given by `setException`.
   */
  drain(options?: WaitOptions): Promise<void> {
    return this.#connection.drain(options);
  }

  /**
   * Whether {@linkcode writeEof} is possible: not on TLS, where the end of one
   * direction ends both. Mirrors `asyncio.StreamWriter.can_write_eof`.
   */
  get canWriteEof(): boolean {
    return this.#connection.canWriteEof;
  }

  /**
   * Ends this direction when everything is sent: the peer reads to the end, and
   * can still answer. Mirrors `asyncio.StreamWriter.write_eof`.
   *
   * When the other direction ends as well, the connection is closed. If there is no
   * other one (a pipe, a Web Stream) this is {@linkcode close}.
   *
   * @throws {Error} {@linkcode canWriteEof} is false.
   */
  writeEof(): void {
    if (!this.canWriteEof) {
      throw new Error(
        "Cannot end one direction: this connection ends in both at once",
      );
    }
    this.#connection.writeEof();
  }

  /**
   * Closes the connection when everything is sent; `waitClosed` waits for that.
   * Mirrors `asyncio.StreamWriter.close`.
   */
  close(): void {
    this.#connection.close();
  }

  /**
   * Whether it is closed, is being closed, or lost its connection. Mirrors
   * `asyncio.StreamWriter.is_closing`.
   */
  get isClosing(): boolean {
    return this.#connection.isClosing;
  }

  /**
   * Waits until the connection is closed. Mirrors
   * `asyncio.StreamWriter.wait_closed`.
   *
   * **Cancel safety:** giving up changes nothing: the closing goes on.
   *
   * @throws {Error} The connection was lost.
   */
  waitClosed(options?: WaitOptions): Promise<void> {
    return this.#connection.waitClosed(options);
  }

  /**
   * Closes the connection at once, and drops what is unsent. Mirrors
   * `asyncio.WriteTransport.abort`.
   */
  abort(): void {
    this.#connection.abort();
  }

  /**
   * What is known of the connection. Mirrors
   * `asyncio.StreamWriter.get_extra_info`.
   *
   * | name | what it gives |
   * |---|---|
   * | `"peername"`, `"sockname"` | a `Deno.Addr` |
   * | `"conn"` | the `Deno.Conn` |
   * | `"tls"` | the facts of the handshake; `undefined` while it is plain |
   * | `"alpn"` | the protocol that TLS has agreed on, a string |
   * | `"peercert"` | the certificate of the peer: its `subject`, `issuer`, ... |
   * | `"cipher"` | the cipher of TLS: its `name` and `version` |
   * | `"pid"` | the number of a subprocess |
   *
   * `"peercert"` and `"cipher"` are known of TLS by `node:tls` alone: of a server
   * with `requestCert`, of a client with `peerCertificate`, on Unix sockets, and
   * after a server's `startTls`. A certificate is trusted, unless the server has
   * said `rejectUnauthorized: false`: then see its `authorized`. What is known of
   * TLS can be asked for after the end.
   *
   * @param fallback Returned if nothing is known by that name.
   */
  getExtraInfo(name: string, fallback?: unknown): unknown {
    return this.#connection.info(name) ?? fallback;
  }

  /**
   * Encrypts the connection; settles after the handshake. What is unsent is sent
   * before. Reader and writer stay the same. Mirrors
   * `asyncio.StreamWriter.start_tls`.
   *
   * On the client's side it takes {@linkcode TlsOptions}, on that of a server
   * {@linkcode ServerTlsOptions}. What a server has not read yet is taken for
   * the beginning of the handshake: a client may begin at once.
   *
   * **Cancel safety:** given up before the handshake begins, it leaves the
   * connection as it is; given up in the handshake, the connection is lost.
   *
   * @throws {Error} A read is pending, or a client has bytes unread; or the
   * connection is encrypted already, ended, or no socket. It stays as it is.
   * @throws {TypeError} On a server's side: `cert` or `key` is missing.
   * @throws {RangeError} `handshakeTimeout` is 0 or less.
   * @throws {TimeoutError} The handshake took longer than `handshakeTimeout`.
   * The connection is lost.
   * @throws {Deno.errors.InvalidData} The certificate is not trusted, or the peer
   * talks no TLS. The connection is lost.
   *
   * @example A server that encrypts when it is asked to
   * ```ts
   * import { startServer } from "@asyncio/asyncio/streams";
   *
   * function startEcho(cert: string, key: string) {
   *   return startServer(async (reader, writer) => {
   *     for await (const line of reader.lines()) {
   *       if (line === "STARTTLS") {
   *         writer.write("go ahead\n");
   *         await writer.startTls({ cert, key });
   *       } else {
   *         writer.write(`${line}\n`);
   *       }
   *     }
   *     writer.close();
   *   }, { port: 0 });
   * }
   * console.log(startEcho.name);
   * ```
   */
  startTls(options?: StartTlsOptions): Promise<void> {
    return this.#connection.startTls(options);
  }

  /**
   * A Web Stream of what is to be sent, with the backpressure of
   * {@linkcode drain}. The same object every time.
   *
   * Closing it ends this direction ({@linkcode writeEof}), or closes the
   * connection if that is impossible; aborting it aborts the writer. It errors when
   * the writer is ended in another way, or the connection is lost.
   *
   * @example An echo
   * ```ts
   * import { startServer } from "@asyncio/asyncio/streams";
   *
   * await using server = await startServer(
   *   (reader, writer) => reader.readable.pipeTo(writer.writable),
   *   { hostname: "127.0.0.1" },
   * );
   * ```
   */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableOf(
      this.#connection,
      (data) => this.write(data),
    );
  }

  /**
   * Closes the connection when everything is sent, and waits for that. A connection
   * that was lost is no error here.
   *
   * **Cancel safety:** in a task, timeout or group that was cancelled, also while
   * this waits, it gives up a peer that takes nothing for a second, and drops what
   * is unsent.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    try {
      await this.#closed();
    } catch (error) {
      if (error !== this.#connection.error) throw error;
    }
  }

  async #closed(): Promise<void> {
    try {
      if (!currentScope().cancelled) return await this.waitClosed();
    } catch (error) {
      if (!isCancelled(error)) throw error;
      await closedUnlessStuck(this.#connection);
      throw error;
    }
    await closedUnlessStuck(this.#connection);
  }

  static {
    writerOn = (connection) => new StreamWriter(connection);
    connectionOf = (writer) => writer.#connection;
    printable(StreamWriter, (writer) => ({
      peer: peerOf(writer),
      unsent: writer.#connection.unsent,
      closing: writer.isClosing,
      closed: writer.#connection.isClosed,
      error: writer.#connection.error,
    }));
  }
}

function peerOf(writer: StreamWriter): string | undefined {
  const address = writer.getExtraInfo("peername") as Deno.Addr | undefined;
  return address && formatAddress(address);
}

/** The bytes of `text`, to be copied before the next call: they share memory. */
function encodeForCopy(text: string): Uint8Array {
  if (3 * text.length > scratch.length) return encoder.encode(text);
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written);
}
