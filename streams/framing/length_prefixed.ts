/** @module */
import { BufferCodec, type FrameCodec } from "./frame_codec.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import { LimitOverrunError } from "../errors.ts";
import {
  checkFlags,
  checkOptions,
  describe,
} from "../../tasks/kernel/types.ts";

const DEFAULT_MAX_LENGTH = 16 << 20;

/**
 * Frames that begin with their length: the codec of most binary protocols. Their
 * values are the bytes after it.
 *
 * @param options.lengthBytes How many bytes the length has: 1, 2 or 4, as it is
 * unless given.
 * @param options.littleEndian Whether its lowest byte is the first; false unless
 * given.
 * @param options.includesLength Whether it counts its own bytes as well; false
 * unless given.
 * @param options.maxLength How many bytes a value may have: 16 MiB unless given.
 * The read of a longer one rejects with a {@linkcode LimitOverrunError} as soon as
 * its length is there, and takes nothing; so does the read of one whose length is
 * less than that of its own bytes. `encode` throws a `RangeError`.
 *
 * @throws {RangeError} `lengthBytes` or `maxLength` is none.
 *
 * @example
 * ```ts
 * import { lengthPrefixed, openConnection, startServer } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = lengthPrefixed();
 * await using server = await startServer(async (reader, writer) => {
 *   for await (const frame of reader.frames(codec)) {
 *     writer.writeFrame(codec, frame.toReversed());
 *     await writer.drain();
 *   }
 *   writer.close();
 * }, { hostname: "127.0.0.1" });
 *
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * await using client = await openConnection({ port });
 * client.writer.writeFrame(codec, new Uint8Array([1, 2, 3]));
 * const answer = await client.reader.readFrame(codec);
 * assertEquals(answer, new Uint8Array([3, 2, 1]));
 * ```
 */
export function lengthPrefixed(options?: {
  lengthBytes?: 1 | 2 | 4 | undefined;
  littleEndian?: boolean | undefined;
  includesLength?: boolean | undefined;
  maxLength?: number | undefined;
}): FrameCodec<Uint8Array> {
  const action = "make a codec";
  checkOptions(options, action);
  checkFlags(options ?? {}, ["littleEndian", "includesLength"], action);
  const {
    lengthBytes = 4,
    littleEndian = false,
    includesLength = false,
    maxLength = DEFAULT_MAX_LENGTH,
  } = options ?? {};
  if (lengthBytes !== 1 && lengthBytes !== 2 && lengthBytes !== 4) {
    throw new RangeError(
      `Cannot make a codec: lengthBytes is 1, 2 or 4, received ${
        describe(lengthBytes)
      }`,
    );
  }
  const isLength = maxLength === Infinity || Number.isInteger(maxLength);
  if (!isLength || maxLength < 1) {
    throw new RangeError(
      `Cannot make a codec: maxLength is a number of bytes of at least 1, received ${
        describe(maxLength)
      }`,
    );
  }
  return new LengthPrefixed(
    lengthBytes,
    littleEndian,
    includesLength,
    maxLength,
  );
}

/** Bytes that can be looked at one by one. */
interface Bytes {
  at(index: number): number | undefined;
}

class LengthPrefixed extends BufferCodec<Uint8Array> {
  readonly #prefix: number;
  readonly #littleEndian: boolean;
  /** How much of the length is for the prefix. */
  readonly #own: number;
  readonly #maxLength: number;

  constructor(
    lengthBytes: number,
    littleEndian: boolean,
    includesLength: boolean,
    maxLength: number,
  ) {
    super();
    this.#prefix = lengthBytes;
    this.#littleEndian = littleEndian;
    this.#own = includesLength ? lengthBytes : 0;
    const most = 256 ** lengthBytes - 1 - this.#own;
    this.#maxLength = Math.min(maxLength, most);
  }

  encode(value: Uint8Array): Uint8Array {
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot encode a frame: its value is a Uint8Array, received ${
          describe(value)
        }`,
      );
    }
    const { length } = value;
    if (length > this.#maxLength) {
      throw new RangeError(
        `Cannot encode a frame: its value has at most ${this.#maxLength} bytes, received ${length}`,
      );
    }
    const prefix = this.#prefix;
    const frame = new Uint8Array(prefix + length);
    let rest = length + this.#own;
    for (let i = 0; i < prefix; i++, rest = Math.floor(rest / 256)) {
      frame[this.#littleEndian ? i : prefix - 1 - i] = rest % 256;
    }
    frame.set(value, prefix);
    return frame;
  }

  decode(
    bytes: Uint8Array,
  ): { value: Uint8Array; length: number } | undefined {
    const prefix = this.#prefix;
    if (bytes.length < prefix) return undefined;
    const length = prefix + this.#lengthIn(bytes);
    if (bytes.length < length) return undefined;
    return { value: bytes.slice(prefix, length), length };
  }

  take(buffer: ByteBuffer): Uint8Array | undefined {
    const prefix = this.#prefix;
    const { size } = buffer;
    if (size < prefix) return undefined;
    const length = this.#lengthIn(buffer);
    if (size < prefix + length) return undefined;
    buffer.skip(prefix);
    return buffer.cut(length);
  }

  /** @throws {LimitOverrunError} It is no length that a value may have. */
  #lengthIn(bytes: Bytes): number {
    const prefix = this.#prefix;
    let total = 0;
    for (let i = 0; i < prefix; i++) {
      const at = this.#littleEndian ? prefix - 1 - i : i;
      total = 256 * total + bytes.at(at)!;
    }
    const length = total - this.#own;
    if (length >= 0 && length <= this.#maxLength) return length;
    throw new LimitOverrunError(
      length < 0
        ? `Cannot read a frame: expected a length of at least its own ${prefix} bytes, received ${total}`
        : `Cannot read a frame: expected at most the limit of ${this.#maxLength} bytes, received a length of ${length}`,
      prefix + Math.max(length, 0),
    );
  }
}
