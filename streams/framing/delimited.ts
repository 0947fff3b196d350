/** @module */
import { BufferCodec, type FrameCodec } from "./frame_codec.ts";
import type { SeparatorSearch } from "./separator_search.ts";
import { Separators } from "./separators.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import { describe } from "../../tasks/kernel/types.ts";

/**
 * Frames that end with a separator. Their values are the bytes before it; what is
 * left at the end of the stream is the last one.
 *
 * A frame may be of any length, also above the reader's limit. `encode` of a value
 * that holds the separator, or makes one together with it, throws a `RangeError`.
 *
 * @throws {TypeError} The separator is empty, or neither text nor bytes.
 *
 * @example
 * ```ts
 * import { delimited, StreamReader } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * const reader = StreamReader.from(new Response("one\0two\0three").body!);
 * const text = new TextDecoder();
 * const names = [];
 * for await (const name of reader.frames(delimited("\0"))) {
 *   names.push(text.decode(name));
 * }
 * assertEquals(names, ["one", "two", "three"]);
 * ```
 */
export function delimited(
  separator: string | Uint8Array,
): FrameCodec<Uint8Array> {
  return new Delimited(new Separators([separator]));
}

class Delimited extends BufferCodec<Uint8Array> {
  readonly #separators: Separators;

  constructor(separators: Separators) {
    super();
    this.#separators = separators;
  }

  encode(value: Uint8Array): Uint8Array {
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot encode a frame: its value is a Uint8Array, received ${
          describe(value)
        }`,
      );
    }
    const separator = this.#separators.all[0]!.bytes;
    const frame = new Uint8Array(value.length + separator.length);
    frame.set(value);
    frame.set(separator, value.length);
    if (this.#firstIn(frame) === value.length) return frame;
    throw new RangeError(
      "Cannot encode a frame: its value holds the separator, or begins one at its end",
    );
  }

  decode(
    bytes: Uint8Array,
    atEof: boolean,
  ): { value: Uint8Array; length: number } | undefined {
    const end = this.#firstIn(bytes);
    if (end >= 0) {
      const length = end + this.#separators.longest;
      return { value: bytes.slice(0, end), length };
    }
    if (!atEof || bytes.length === 0) return undefined;
    return { value: bytes.slice(), length: bytes.length };
  }

  take(
    buffer: ByteBuffer,
    eof: boolean,
    search: SeparatorSearch,
  ): Uint8Array | undefined {
    const match = search.next(this.#separators, buffer);
    if (match === undefined) return eof ? buffer.takeAll() : undefined;
    const value = buffer.cut(match.start);
    buffer.skip(match.end - match.start);
    return value;
  }

  #firstIn(bytes: Uint8Array): number {
    const separator = this.#separators.all[0]!.bytes;
    const isAt = (at: number) =>
      separator.every((byte, i) => bytes[at + i] === byte);
    let at = bytes.indexOf(separator[0]!);
    while (at >= 0 && !isAt(at)) at = bytes.indexOf(separator[0]!, at + 1);
    return at;
  }
}
