/** @module */
import { checkFactory } from "./check_protocol.ts";
import { type Connected, connected } from "./connected.ts";
import { ReadPipeSocket, WritePipeSocket } from "./pipe_sockets.ts";
import type { BaseProtocol } from "./base.ts";
import type { StreamProtocol } from "./protocols.ts";
import type { ReadTransport, WriteTransport } from "./transport.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/**
 * Lets a protocol receive what comes from a Web Stream, such as
 * `Deno.stdin.readable`. Mirrors `loop.connect_read_pipe`.
 *
 * At its end `eofReceived` is called, then `connectionLost`. Closing the
 * transport cancels the stream.
 *
 * **Cancel safety:** it waits for nothing; a cancel not yet delivered leaves the
 * stream as it is.
 *
 * @throws {TypeError} `factory` is no function, or makes no protocol; the stream
 * is locked.
 *
 * @example
 * ```ts
 * import {
 *   connectReadPipe,
 *   Protocol,
 * } from "@asyncio/asyncio/streams/transports";
 * import { Future } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * class Counter extends Protocol {
 *   count = 0;
 *   readonly done = new Future<void>();
 *   override dataReceived(data: Uint8Array) {
 *     this.count += data.length;
 *   }
 *   override connectionLost() {
 *     this.done.setResult();
 *   }
 * }
 *
 * const stream = new Response("hello").body!;
 * const { protocol } = await connectReadPipe(() => new Counter(), stream);
 * await protocol.done;
 * assertEquals(protocol.count, 5);
 * ```
 */
export function connectReadPipe<P extends StreamProtocol>(
  factory: () => P,
  stream: ReadableStream<Uint8Array>,
  options?: WaitOptions,
): Promise<Connected<ReadTransport, P>> {
  return composite(async () => {
    checkFactory(factory, "connectReadPipe");
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return await rejection;
    return connected(new ReadPipeSocket(stream), factory);
  });
}

/**
 * Lets a protocol write to a Web Stream, such as `Deno.stdout.writable`. Mirrors
 * `loop.connect_write_pipe`.
 *
 * `writeEof` and `close` end the stream when everything is written. A stream
 * that fails is `connectionLost` with its error, also while nothing is written.
 *
 * **Cancel safety:** as {@linkcode connectReadPipe}.
 *
 * @throws {TypeError} `factory` is no function, or makes no protocol; the stream
 * is locked.
 *
 * @example
 * ```ts
 * import {
 *   BaseProtocol,
 *   connectWritePipe,
 * } from "@asyncio/asyncio/streams/transports";
 * import { assertEquals } from "@std/assert";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const { transport } = await connectWritePipe(
 *   () => new BaseProtocol(),
 *   writable,
 * );
 * transport.write("hello");
 * transport.close();
 * assertEquals(await new Response(readable).text(), "hello");
 * ```
 */
export function connectWritePipe<P extends BaseProtocol>(
  factory: () => P,
  stream: WritableStream<Uint8Array<ArrayBuffer>>,
  options?: WaitOptions,
): Promise<Connected<WriteTransport, P>> {
  return composite(async () => {
    checkFactory(factory, "connectWritePipe");
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return await rejection;
    return connected(new WritePipeSocket(stream), factory);
  });
}
