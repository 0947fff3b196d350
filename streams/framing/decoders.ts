/**
 * The ways of taking bytes out of a buffer: each returns `undefined` while what
 * it takes is not complete.
 *
 * @module
 */
import {
  BufferCodec,
  type Decoder,
  type Known,
  takeFrame,
} from "./frame_codec.ts";
import { END } from "../buffer/buffered_source.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import { Separators } from "./separators.ts";
import { SeparatorSearch } from "./separator_search.ts";
import { LineText } from "./line_text.ts";
import { IncompleteReadError, LimitOverrunError } from "../errors.ts";

const LF = 0x0a;
const CR = 0x0d;
export const DONE: IteratorReturnResult<undefined> = {
  done: true,
  value: undefined,
};
export const NEWLINE: Separators = new Separators("\n");

/**
 * The decoders of one reader, and how far they have searched its buffer.
 */
export class Decoders implements Known {
  readonly search = new SeparatorSearch();
  readonly text = new LineText();
  readonly #limit: number;
  /** In the whole stream: before that there is no newline. */
  #lineSearched = 0;

  /** @param limit How long a line may be, in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Everything up to the end. */
  all = (buffer: ByteBuffer, eof: boolean): Uint8Array | undefined =>
    eof ? buffer.takeAll() : undefined;

  /** At least one byte, at most `n`; none at the end. */
  some(n: number, buffer: ByteBuffer, eof: boolean): Uint8Array | undefined {
    const { size } = buffer;
    if (n === 0 || eof && size === 0) return buffer.take(0);
    return size === 0 ? undefined : buffer.take(Math.min(n, size));
  }

  /** Copies at least one byte into `target`; none at the end. */
  into(
    target: Uint8Array,
    buffer: ByteBuffer,
    eof: boolean,
  ): number | undefined {
    const n = Math.min(buffer.size, target.length);
    if (n > 0) {
      target.set(buffer.first(n));
      buffer.skip(n);
      return n;
    }
    if (target.length === 0) {
      throw new TypeError("the target of readInto was transferred meanwhile");
    }
    return eof ? 0 : undefined;
  }

  /** Exactly `n` bytes. */
  exactly(
    n: number,
    buffer: ByteBuffer,
    eof: boolean,
  ): Uint8Array | undefined {
    if (buffer.size >= n) return buffer.take(n);
    if (!eof) return undefined;
    throw new IncompleteReadError(buffer.takeAll(), n);
  }

  /** What comes before the separator that ends first, and that. */
  until(
    separators: Separators,
    buffer: ByteBuffer,
    eof: boolean,
  ): Uint8Array | undefined {
    const match = this.search.next(separators, buffer);
    if (match !== undefined) {
      this.#checkLimit(match.start, "the separator comes after");
      return buffer.cut(match.end);
    }
    // The separator may have begun at the end.
    const clear = Math.max(0, buffer.size + 1 - separators.longest);
    this.#checkLimit(clear, "there is no separator in the first");
    if (!eof) return undefined;
    throw new IncompleteReadError(buffer.takeAll(), undefined);
  }

  /** A line, or what is left at the end; one that is too long is dropped. */
  line = (buffer: ByteBuffer, eof: boolean): Uint8Array | undefined => {
    const length = this.#lineLength(buffer, eof);
    return length === undefined ? undefined : buffer.cut(length);
  };

  /** The next line of an iteration. */
  nextLine = (
    buffer: ByteBuffer,
    eof: boolean,
  ): IteratorResult<Uint8Array, undefined> | undefined => {
    const length = this.#lineLength(buffer, eof);
    if (length === undefined) return undefined;
    if (length === 0) return DONE;
    return { done: false, value: buffer.cut(length) };
  };

  /** The next line of an iteration, as text without its end. */
  nextText = (
    buffer: ByteBuffer,
    eof: boolean,
  ): IteratorResult<string, undefined> | undefined => {
    const value = this.textLine(buffer, eof);
    if (value === undefined) return undefined;
    return value === END ? DONE : { done: false, value };
  };

  /** A line as text, without its end. */
  textLine = (
    buffer: ByteBuffer,
    eof: boolean,
  ): string | undefined | typeof END => {
    const length = this.#lineLength(buffer, eof);
    if (length === undefined) return undefined;
    if (length === 0) return END;
    let end = length;
    if (buffer.at(end - 1) === LF && --end > 0 && buffer.at(end - 1) === CR) {
      end--;
    }
    return this.text.take(buffer, length, length - end);
  };

  /** The frame that `decoder` finds. */
  frame<T>(
    decoder: Decoder<T>,
    buffer: ByteBuffer,
    eof: boolean,
  ): T | undefined | typeof END {
    if (buffer.size > 0) {
      const value = decoder instanceof BufferCodec
        ? decoder.take(buffer, eof, this)
        : takeFrame(decoder, buffer, eof);
      if (value !== undefined) return value;
    }
    if (!eof) return undefined;
    if (buffer.size === 0) return END;
    const partial = buffer.takeAll();
    throw Object.assign(new IncompleteReadError(partial, undefined), {
      message: `the stream ended after ${partial.length} bytes of a frame`,
    });
  }

  /** The next frame of an iteration. */
  nextFrame<T>(
    decoder: Decoder<T>,
    buffer: ByteBuffer,
    eof: boolean,
  ): IteratorResult<T, undefined> | undefined {
    const value = this.frame(decoder, buffer, eof);
    if (value === undefined) return undefined;
    return value === END ? DONE : { done: false, value: value as T };
  }

  /**
   * How long the next line is, with its newline, or what is left at the end.
   */
  #lineLength(buffer: ByteBuffer, eof: boolean): number | undefined {
    const { position } = buffer;
    const from = Math.max(0, this.#lineSearched - position);
    const newline = buffer.indexOf(LF, from);
    const length = newline < 0 ? buffer.size : newline;
    this.#lineSearched = position + length;
    if (length > this.#limit) {
      buffer.skip(newline < 0 ? length : newline + 1);
      this.#checkLimit(length, "the line is dropped: it has");
    }
    if (newline >= 0) return newline + 1;
    return eof ? length : undefined;
  }

  #checkLimit(bytes: number, what: string): void {
    if (bytes <= this.#limit) return;
    throw new LimitOverrunError(
      `${what} ${bytes} bytes, the limit of the reader is ${this.#limit}`,
      bytes,
    );
  }
}
