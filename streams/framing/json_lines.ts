/** @module */
import { BufferCodec, type FrameCodec } from "./frame_codec.ts";
import type { SeparatorSearch } from "./separator_search.ts";
import { NEWLINE } from "./separators.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";

const LF = 0x0a;
const encoder = new TextEncoder();
/** Without replacing what is no UTF-8: that would be another value. */
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * JSON values, one in each line (NDJSON, JSON Lines).
 *
 * - Empty lines are skipped; a rest without a newline at the end is the last line.
 * - A line that is no JSON is taken, and its read rejects with a `SyntaxError`: the
 *   next read goes on after it.
 * - `encode` of what is no JSON (`undefined`, a function) throws a `TypeError`.
 *
 * Values are not checked: `T` says what you expect.
 *
 * @example
 * ```ts
 * import { jsonLines, StreamReader } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * const body = new Response('{"id":1}\n\n{"id":2}\n').body!;
 * const ids = [];
 * for await (const { id } of StreamReader.from(body).frames(jsonLines<{ id: number }>())) {
 *   ids.push(id);
 * }
 * assertEquals(ids, [1, 2]);
 * ```
 */
export function jsonLines<T>(): FrameCodec<T> {
  return new JsonLines<T>();
}

class JsonLines<T> extends BufferCodec<T> {
  encode(value: T): Uint8Array {
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) return encoder.encode(`${text}\n`);
    throw new TypeError(
      `Cannot encode a frame: ${typeof value} has no form in JSON`,
    );
  }

  decode(
    bytes: Uint8Array,
    atEof: boolean,
  ):
    | { value: T; length: number }
    | { error: unknown; length: number }
    | undefined {
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(LF, start);
      if (newline < 0 && !atEof) return undefined;
      const length = newline < 0 ? bytes.length : newline + 1;
      const line = bytes.subarray(start, length);
      try {
        const text = textOf(line);
        if (text !== "") return { value: JSON.parse(text), length };
      } catch (error) {
        return { error, length };
      }
      start = length;
    }
    return undefined;
  }

  take(
    buffer: ByteBuffer,
    eof: boolean,
    search: SeparatorSearch,
  ): T | undefined {
    while (buffer.size > 0) {
      const end = search.next(NEWLINE, buffer)?.end ??
        (eof ? buffer.size : undefined);
      if (end === undefined) return undefined;
      const line = buffer.first(end);
      buffer.skip(end);
      const text = textOf(line);
      if (text !== "") return JSON.parse(text);
    }
    return undefined;
  }
}

/** @throws {SyntaxError} It is no UTF-8. */
function textOf(line: Uint8Array): string {
  try {
    return decoder.decode(line).trim();
  } catch (cause) {
    throw new SyntaxError(
      "Cannot decode a frame: a line of JSON is not UTF-8",
      { cause },
    );
  }
}
