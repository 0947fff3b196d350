/**
 * The classes that protocols extend. Their methods are called when something
 * happens on a transport, and do nothing unless overridden.
 *
 * @module
 */
import { BaseProtocol } from "./base.ts";
import type {
  DatagramTransport,
  SubprocessTransport,
  Transport,
} from "./transport.ts";

/**
 * A protocol on a stream of bytes. Mirrors `asyncio.Protocol`.
 *
 * ```text
 * connectionMade → dataReceived* → eofReceived? → connectionLost
 * ```
 *
 * An error that `dataReceived` or `eofReceived` throws is reported through the
 * loop's exception handler, and the connection is lost with it.
 *
 * @example
 * ```ts
 * import {
 *   createConnection,
 *   createServer,
 *   Protocol,
 *   type Transport,
 * } from "@asyncio/asyncio/streams/transports";
 * import { Event } from "@asyncio/asyncio/sync";
 * import { assertEquals } from "@std/assert";
 *
 * class Echo extends Protocol {
 *   #transport!: Transport;
 *   override connectionMade(transport: Transport) {
 *     this.#transport = transport;
 *   }
 *   override dataReceived(data: Uint8Array) {
 *     this.#transport.write(data);
 *   }
 * }
 *
 * class Client extends Protocol {
 *   answer = "";
 *   readonly ended = new Event();
 *   override dataReceived(data: Uint8Array) {
 *     this.answer += new TextDecoder().decode(data);
 *   }
 *   override connectionLost() {
 *     this.ended.set();
 *   }
 * }
 *
 * await using server = await createServer(() => new Echo(), {
 *   hostname: "127.0.0.1",
 * });
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const { transport, protocol } = await createConnection(() => new Client(), {
 *   port,
 * });
 * transport.write("hello");
 * transport.writeEof(); // so the echo ends as well
 * await protocol.ended.wait();
 * assertEquals(protocol.answer, "hello");
 * ```
 */
export class Protocol extends BaseProtocol {
  /** As {@linkcode BaseProtocol.connectionMade}. */
  override connectionMade(_transport: Transport): void {}

  /** Bytes have come; they are the protocol's own. */
  dataReceived(_data: Uint8Array<ArrayBuffer>): void {}

  /**
   * The peer has ended its direction.
   *
   * @returns Whether the transport stays open, to write on, until it is closed;
   * else it closes itself. On an encrypted connection it closes itself in any
   * case.
   */
  eofReceived(): boolean | undefined | void {}
}

/**
 * A protocol that has memory of its own for what comes: no array is made for
 * each piece. Mirrors `asyncio.BufferedProtocol`.
 *
 * ```text
 * connectionMade → (getBuffer → bufferUpdated)* → eofReceived? → connectionLost
 * ```
 *
 * @example
 * ```ts
 * import {
 *   BufferedProtocol,
 *   createConnection,
 * } from "@asyncio/asyncio/streams/transports";
 * import { startServer } from "@asyncio/asyncio/streams";
 * import { Future } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * class ByteCounter extends BufferedProtocol {
 *   readonly total = new Future<number>();
 *   readonly #memory = new Uint8Array(64 * 1024);
 *   #count = 0;
 *   override getBuffer() {
 *     return this.#memory;
 *   }
 *   override bufferUpdated(count: number) {
 *     this.#count += count;
 *   }
 *   override connectionLost() {
 *     this.total.setResult(this.#count);
 *   }
 * }
 *
 * await using server = await startServer((_reader, writer) => {
 *   writer.write(new Uint8Array(100_000));
 *   writer.close();
 * }, { hostname: "127.0.0.1" });
 *
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const { protocol } = await createConnection(() => new ByteCounter(), { port });
 * assertEquals(await protocol.total, 100_000);
 * ```
 */
export class BufferedProtocol extends BaseProtocol {
  /** As {@linkcode BaseProtocol.connectionMade}. */
  override connectionMade(_transport: Transport): void {}

  /**
   * Returns the memory for the bytes that have come: as many of them as fit are
   * copied there at once. The same memory may be returned each time.
   *
   * @param _sizeHint How many bytes there are.
   */
  getBuffer(_sizeHint: number): Uint8Array {
    throw new TypeError(
      `Cannot receive: ${this.constructor.name} has no getBuffer`,
    );
  }

  /** `_count` bytes stand at the start of the memory returned last. */
  bufferUpdated(_count: number): void {}

  /** As {@linkcode Protocol.eofReceived}. */
  eofReceived(): boolean | undefined | void {}
}

/** A protocol on a stream of bytes, in either form. */
export type StreamProtocol = Protocol | BufferedProtocol;

/**
 * A protocol on datagrams. Mirrors `asyncio.DatagramProtocol`. There is an example
 * at {@linkcode createDatagramEndpoint}.
 */
export class DatagramProtocol extends BaseProtocol {
  /** As {@linkcode BaseProtocol.connectionMade}. */
  override connectionMade(_transport: DatagramTransport): void {}

  /** A datagram has come; its bytes are the protocol's own. */
  datagramReceived(_data: Uint8Array<ArrayBuffer>, _from: Deno.NetAddr): void {}

  /** The system could not send or receive a datagram; the transport goes on. */
  errorReceived(_error: Error): void {}
}

/**
 * A protocol on a subprocess. Mirrors `asyncio.SubprocessProtocol`.
 *
 * `processExited` may come before or after the last calls for the pipes;
 * `connectionLost` comes after all of them. There is an example at `subprocessExec`
 * of `process/transports`.
 */
export class SubprocessProtocol extends BaseProtocol {
  /** As {@linkcode BaseProtocol.connectionMade}. */
  override connectionMade(_transport: SubprocessTransport): void {}

  /** The subprocess has written: to standard output (1) or error (2). */
  pipeDataReceived(_fd: number, _data: Uint8Array<ArrayBuffer>): void {}

  /** A pipe is closed, with an error if it was lost. */
  pipeConnectionLost(_fd: number, _error: unknown): void {}

  /** The subprocess has ended: the transport has its return code. */
  processExited(): void {}
}
