/** @module */
import { ProtocolConnection } from "./protocol_connection.ts";
import { Protocol } from "./protocols.ts";
import type { Transport } from "./transport.ts";
import { letReadFrom, StreamReader } from "../stream_reader.ts";
import { type StreamWriter, writerOn } from "../stream_writer.ts";
import { createTask } from "../../tasks/create_task.ts";
import { isCancelled } from "../../tasks/kernel/errors.ts";
import { describe } from "../../tasks/kernel/types.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";

/**
 * A protocol that feeds a reader, to go from transports to streams. Mirrors
 * `asyncio.StreamReaderProtocol`.
 *
 * With more than 64 KiB unread, reading is paused. `drain` of the writer waits
 * as that of every writer.
 *
 * @example A client
 * ```ts
 * import {
 *   createConnection,
 *   createServer,
 *   StreamReaderProtocol,
 * } from "@asyncio/asyncio/streams/transports";
 * import { StreamReader } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await createServer(
 *   () =>
 *     new StreamReaderProtocol(new StreamReader(), async (reader, writer) => {
 *       for await (const line of reader) writer.write(line);
 *       writer.close();
 *     }),
 *   { hostname: "127.0.0.1" },
 * );
 *
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const reader = new StreamReader();
 * const { protocol: { writer } } = await createConnection(
 *   () => new StreamReaderProtocol(reader),
 *   { port },
 * );
 * writer.write("hello\n");
 * assertEquals(new TextDecoder().decode(await reader.readLine()), "hello\n");
 * writer.close();
 * await writer.waitClosed();
 * ```
 */
export class StreamReaderProtocol extends Protocol {
  /** The reader that it feeds. */
  readonly reader: StreamReader;
  /** Writes to the transport; what is written before there is one waits for it. */
  readonly writer: StreamWriter;
  readonly #connection = new ProtocolConnection();
  readonly #clientConnected:
    | ((reader: StreamReader, writer: StreamWriter) => unknown)
    | undefined;
  #transport: Transport | undefined;

  /**
   * Makes a protocol for one connection.
   *
   * @param reader Made with `new`: it is fed by this protocol alone.
   * @param clientConnected Called in a task when the connection is there. An
   * error of it is reported, and closes the connection.
   *
   * @throws {TypeError} `reader` is none, or `clientConnected` no function.
   */
  constructor(
    reader: StreamReader,
    clientConnected?: (reader: StreamReader, writer: StreamWriter) => unknown,
  ) {
    super();
    if (!(reader instanceof StreamReader)) {
      throw new TypeError(
        `Cannot make a StreamReaderProtocol: expected a StreamReader, received ${
          describe(reader)
        }`,
      );
    }
    if (
      clientConnected !== undefined && typeof clientConnected !== "function"
    ) {
      throw new TypeError(
        `Cannot make a StreamReaderProtocol: expected a function of reader and writer, received ${
          describe(clientConnected)
        }`,
      );
    }
    letReadFrom(reader, this.#connection.source!);
    this.reader = reader;
    this.writer = writerOn(this.#connection);
    this.#clientConnected = clientConnected;
  }

  /** Lets the streams begin. */
  override connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#connection.connected(transport);
    const serve = this.#clientConnected;
    if (serve === undefined) return;
    createTask(() => this.#serve(serve));
  }

  /** Feeds the reader. */
  override dataReceived(data: Uint8Array<ArrayBuffer>): void {
    this.#connection.received(data);
  }

  /** Ends the reader; the writer stays, if that is possible. */
  override eofReceived(): boolean {
    this.#connection.sourceEnded();
    return this.#transport?.canWriteEof ?? false;
  }

  /** Ends both, with the error if there is one. */
  override connectionLost(error: unknown): void {
    this.#connection.lost(error);
  }

  /** Lets the writer wait. */
  override pauseWriting(): void {
    this.#connection.pauseWriting();
  }

  /** Lets the writer go on. */
  override resumeWriting(): void {
    this.#connection.resumeWriting();
  }

  async #serve(
    serve: (reader: StreamReader, writer: StreamWriter) => unknown,
  ): Promise<void> {
    try {
      await serve(this.reader, this.writer);
    } catch (error) {
      this.writer.close();
      if (isCancelled(error)) throw error;
      currentScope().loop.report({
        message: "Unhandled exception in client handler",
        error,
      });
    }
  }
}
