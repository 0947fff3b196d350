/**
 * The ways of taking bytes out of a buffer: each is a `Decode`, which returns
 * `undefined` while what it takes is not complete.
 *
 * @module
 */
import { BufferCodec, type Decoder, takeFrame } from "./frame_codec.ts";
import type { LineScanner } from "./line_scanner.ts";
import type { Separators } from "./separators.ts";
import { END, type SOON } from "../buffer/decode.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import { IncompleteReadError } from "../errors.ts";

/** Everything up to the end. */
export function all(
  buffer: ByteBuffer,
  eof: boolean,
): Uint8Array<ArrayBuffer> | undefined {
  return eof ? buffer.takeAll() : undefined;
}

/** At least one byte, at most `n`; none at the end. */
export function some(
  buffer: ByteBuffer,
  eof: boolean,
  n: number,
): Uint8Array<ArrayBuffer> | undefined {
  const { size } = buffer;
  if (size > 0) return buffer.take(size < n ? size : n);
  return eof || n === 0 ? buffer.take(0) : undefined;
}

/** Copies at least one byte into `target`; none at the end. */
export function into(
  buffer: ByteBuffer,
  eof: boolean,
  target: Uint8Array,
): number | undefined {
  const n = Math.min(buffer.size, target.length);
  if (n > 0) {
    target.set(buffer.first(n));
    buffer.skip(n);
    return n;
  }
  if (target.length === 0) {
    throw new TypeError("Cannot read: the target was transferred meanwhile");
  }
  return eof ? 0 : undefined;
}

/** Exactly `n` bytes. */
export function exactly(
  buffer: ByteBuffer,
  eof: boolean,
  n: number,
): Uint8Array<ArrayBuffer> | undefined {
  if (buffer.size >= n) return buffer.take(n);
  if (!eof) return undefined;
  throw new IncompleteReadError(buffer.takeAll(), n);
}

/** What comes before the separator that ends first, and that. */
export function until(
  buffer: ByteBuffer,
  eof: boolean,
  { separators, scanner }: { separators: Separators; scanner: LineScanner },
): Uint8Array<ArrayBuffer> | undefined {
  const match = scanner.search.next(separators, buffer);
  if (match !== undefined) {
    scanner.checkLimit(match.start, "up to a separator");
    return buffer.cut(match.end);
  }
  // The separator may have begun at the end.
  const clear = Math.max(0, buffer.size + 1 - separators.longest);
  scanner.checkLimit(clear, "up to a separator");
  if (!eof) return undefined;
  throw new IncompleteReadError(buffer.takeAll(), undefined);
}

/** A line, or what is left at the end; one that is too long is dropped. */
export function line(
  buffer: ByteBuffer,
  eof: boolean,
  scanner: LineScanner,
): Uint8Array<ArrayBuffer> | undefined | typeof SOON {
  const length = scanner.lineLength(buffer, eof);
  return typeof length === "number" ? buffer.cut(length) : length;
}

/** The same, but the end is not a line. */
export function lineOrEnd(
  buffer: ByteBuffer,
  eof: boolean,
  scanner: LineScanner,
): Uint8Array<ArrayBuffer> | undefined | typeof END | typeof SOON {
  const length = scanner.lineLength(buffer, eof);
  if (typeof length !== "number") return length;
  return length === 0 ? END : buffer.cut(length);
}

/** The same as text, without the end of the line. */
export function textLine(
  buffer: ByteBuffer,
  eof: boolean,
  scanner: LineScanner,
): string | undefined | typeof END | typeof SOON {
  return scanner.takeText(buffer, eof);
}

/** The frame that a decoder finds. */
export function frame<T>(
  buffer: ByteBuffer,
  eof: boolean,
  { decoder, scanner }: { decoder: Decoder<T>; scanner: LineScanner },
): T | undefined | typeof END {
  if (buffer.size > 0) {
    const value = decoder instanceof BufferCodec
      ? decoder.take(buffer, eof, scanner.search)
      : takeFrame(decoder, buffer, eof);
    if (value !== undefined) return value;
  }
  if (!eof) return undefined;
  if (buffer.size === 0) return END;
  const partial = buffer.takeAll();
  throw Object.assign(new IncompleteReadError(partial, undefined), {
    message:
      `Cannot read a frame: the stream ended after ${partial.length} bytes`,
  });
}
