/** @module */
import type { SeparatorSearch } from "./separator_search.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import { describe } from "../../tasks/kernel/types.ts";

/**
 * Tells a frame of a protocol from the bytes of a stream: for {@linkcode
 * StreamReader.readFrame} and {@linkcode StreamReader.frames}. As the `Decoder` of
 * Rust's tokio-util.
 *
 * `decode` gets all bytes that are there, at least one, and returns
 *
 * - `undefined` while they make no whole frame: it is called again when more have
 *   come, with all of them;
 * - the `value` of the first frame, and its `length` in bytes: that many are taken;
 * - an `error` and a `length`: that many bytes are taken, and the read rejects with
 *   the error.
 *
 * If it throws, the read rejects, and no byte is taken. At the end of the stream
 * `atEof` is true.
 *
 * The value may hold views of the bytes (`subarray`): they stay as they are. But
 * their `ArrayBuffer` may not be transferred, as it holds other frames too: copy
 * them (`slice()`) before. Bytes of which no value was returned are valid during
 * the call alone.
 *
 * @example Frames of a type, a length and that many bytes
 * ```ts
 * import { type Decoder, StreamReader } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * const decoder: Decoder<{ type: number; body: string }> = {
 *   decode(bytes) {
 *     if (bytes.length < 2) return undefined;
 *     const [type, size] = bytes as unknown as [number, number];
 *     const length = 2 + size;
 *     if (bytes.length < length) return undefined;
 *     const body = new TextDecoder().decode(bytes.subarray(2, length));
 *     return { value: { type, body }, length };
 *   },
 * };
 *
 * const reader = new StreamReader();
 * reader.feedData(new Uint8Array([7, 2, 104, 105, 8, 0]));
 * reader.feedEof();
 * assertEquals(await Array.fromAsync(reader.frames(decoder)), [
 *   { type: 7, body: "hi" },
 *   { type: 8, body: "" },
 * ]);
 * ```
 */
export interface Decoder<T> {
  /**
   * Finds the first frame.
   *
   * @param bytes All that is there; to be looked at only.
   * @param atEof Whether no more bytes come.
   */
  decode(
    bytes: Uint8Array,
    atEof: boolean,
  ):
    | { value: T; length: number }
    | { error: unknown; length: number }
    | undefined;
}

/**
 * A {@linkcode Decoder} that also makes the bytes of a frame, for {@linkcode
 * StreamWriter.writeFrame}. {@linkcode lengthPrefixed}, {@linkcode delimited} and
 * {@linkcode jsonLines} give codecs; one codec may serve any number of readers and
 * writers.
 */
export interface FrameCodec<T> extends Decoder<T> {
  /** Makes the bytes of the frame for `value`. */
  encode(value: T): Uint8Array;
}

/**
 * A codec of this package: it takes its frames out of the buffer itself, which
 * knows how far it was searched, and how to cut many small pieces.
 */
export abstract class BufferCodec<T> implements FrameCodec<T> {
  abstract encode(value: T): Uint8Array;
  abstract decode(
    bytes: Uint8Array,
    atEof: boolean,
  ): ReturnType<Decoder<T>["decode"]>;
  /**
   * Takes the first frame; `undefined` while there is none. A bad one that cannot
   * be read again is taken as well before this throws.
   */
  abstract take(
    buffer: ByteBuffer,
    eof: boolean,
    search: SeparatorSearch,
  ): T | undefined;
}

/** Takes the first frame, as `decoder` finds it; `undefined` while there is none. */
export function takeFrame<T>(
  decoder: Decoder<T>,
  buffer: ByteBuffer,
  eof: boolean,
): T | undefined {
  const { size } = buffer;
  const frame = decoder.decode(buffer.view(), eof);
  if (frame === undefined) return undefined;
  if (typeof frame !== "object" || frame === null) {
    throw new TypeError(
      `Cannot take a frame: a decoder returns { value, length }, { error, length } or undefined, received ${
        describe(frame)
      }`,
    );
  }
  const { length } = frame;
  if (!Number.isInteger(length) || length < 1 || length > size) {
    throw new RangeError(
      `Cannot take a frame: its length is a number of bytes from 1 to ${size}, received ${
        describe(length)
      }`,
    );
  }
  if ("error" in frame && !("value" in frame)) {
    buffer.skip(length);
    throw frame.error;
  }
  const { value } = frame as { value?: T };
  if (value === undefined) {
    throw new TypeError("Cannot take a frame: its value is undefined");
  }
  buffer.share(length);
  return value;
}

/** @throws {TypeError} It is no decoder. */
export function checkDecoder(decoder: unknown): void {
  const { decode } = (decoder ?? {}) as Partial<Decoder<unknown>>;
  if (typeof decode === "function") return;
  throw new TypeError(
    `Cannot read a frame: expected a decoder, as lengthPrefixed(), received ${
      describe(decoder)
    }`,
  );
}
