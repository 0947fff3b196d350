/** @module */
import { StreamTransport } from "./stream_transport.ts";
import type { WriteTransport } from "./transport.ts";
import {
  checkOptions,
  describe,
  type WaitOptions,
} from "../../tasks/kernel/types.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/** Which part of a file {@linkcode sendfile} sends. */
export interface SendfileOptions extends WaitOptions {
  /** Where to begin, in bytes; 0, the start of the file, unless given. */
  offset?: number | undefined;
  /** How many bytes at the most; up to the end of the file unless given. */
  count?: number | undefined;
}

/** How much of the file is held in memory. */
const CHUNK_SIZE = 1 << 18;

/**
 * Sends a file, and resolves to the number of bytes when the system has taken
 * all of them. Mirrors `loop.sendfile`, as with `fallback=True`: the runtime
 * has no call of the system for it.
 *
 * Until then nothing else can be written, and `writeEof` takes effect after it.
 * When it has ended, also by an error or a cancel, the file's position is after
 * the last byte that was sent.
 *
 * **Cancel safety:** after a cancel, what was handed to the transport is still
 * sent, and the transport can be used.
 *
 * @throws {TypeError} `transport` is none of a socket or pipe, or `file` no
 * `Deno.FsFile`.
 * @throws {RangeError} `offset` is negative, or `count` not positive.
 * @throws {Error} The transport is closing, or another file is being sent.
 * @throws {Deno.errors.ConnectionReset} The connection was lost meanwhile.
 *
 * @example
 * ```ts
 * import {
 *   connectWritePipe,
 *   BaseProtocol,
 *   sendfile,
 * } from "@asyncio/asyncio/streams/transports";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "hello there");
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const received = new Response(readable).text();
 * const { transport } = await connectWritePipe(
 *   () => new BaseProtocol(),
 *   writable,
 * );
 * using file = await Deno.open(path);
 * assertEquals(await sendfile(transport, file, { offset: 6 }), 5);
 * transport.close();
 * assertEquals(await received, "there");
 * ```
 */
export function sendfile(
  transport: WriteTransport,
  file: Deno.FsFile,
  options?: SendfileOptions,
): Promise<number> {
  return composite(() => send(transport, file, options));
}

async function send(
  transport: WriteTransport,
  file: Deno.FsFile,
  options: SendfileOptions = {},
): Promise<number> {
  checkOptions(options, "send a file");
  const { offset = 0, count = Infinity } = options;
  check(transport, file, offset, count);
  const { writer } = transport;
  const release = transport.reserve("sendfile is in progress");
  const memory = new Uint8Array(Math.min(CHUNK_SIZE, count));
  let sent = 0;
  try {
    await writer.flushed(options);
    await file.seek(offset, Deno.SeekMode.Start);
    while (sent < count) {
      const n = await file.read(memory.subarray(0, count - sent));
      if (n === null) break;
      if (transport.isClosing) throw closed();
      writer.add(memory.subarray(0, n));
      sent += n;
      await writer.flushed(options);
    }
    return sent;
  } finally {
    release();
    await file.seek(offset + sent, Deno.SeekMode.Start);
  }
}

function check(
  transport: unknown,
  file: unknown,
  offset: unknown,
  count: unknown,
): asserts transport is StreamTransport {
  if (!(transport instanceof StreamTransport) || !transport.canWrite) {
    throw new TypeError(
      `Cannot send a file: expected a transport that is written to, received ${
        describe(transport)
      }`,
    );
  }
  if (!(file instanceof Deno.FsFile)) {
    throw new TypeError(
      `Cannot send a file: expected a Deno.FsFile, received ${describe(file)}`,
    );
  }
  if (!Number.isInteger(offset) || offset as number < 0) {
    throw new RangeError(
      `Cannot send a file: offset is a number of bytes of 0 or more, received ${
        describe(offset)
      }`,
    );
  }
  if (count !== Infinity && !(Number.isInteger(count) && count as number > 0)) {
    throw new RangeError(
      `Cannot send a file: count is a number of bytes of at least 1, received ${
        describe(count)
      }`,
    );
  }
}

function closed(): Error {
  return new Deno.errors.ConnectionReset(
    "Cannot send a file: the transport was closed before the end",
  );
}
