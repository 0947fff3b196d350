/** @module */
import { LineText } from "./line_text.ts";
import { SeparatorSearch } from "./separator_search.ts";
import { END, SOON } from "../buffer/decode.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import { LimitOverrunError } from "../errors.ts";
import { describe } from "../../tasks/kernel/types.ts";

const LF = 0x0a;
const CR = 0x0d;

/**
 * How far one reader has searched its buffer for the ends of lines and of others,
 * so that no byte is looked at twice.
 */
export class LineScanner {
  /** How long a line may be, in bytes. */
  readonly limit: number;
  /** In the whole stream: before that there is no newline. */
  #lineSearched = 0;
  /** Where a line began that is over the limit and has no end yet. */
  #tooLong = -1;
  #search: SeparatorSearch | undefined;
  #text: LineText | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** For other ends than those of lines. */
  get search(): SeparatorSearch {
    return this.#search ??= new SeparatorSearch();
  }

  /**
   * How long the next line is, with its newline, or what is left at the end.
   *
   * @throws {LimitOverrunError} It is too long, and is dropped.
   */
  lineLength(
    buffer: ByteBuffer,
    eof: boolean,
  ): number | undefined | typeof SOON {
    const { position } = buffer;
    const from = Math.max(0, this.#lineSearched - position);
    const newline = buffer.indexOf(LF, from);
    const length = newline < 0 ? buffer.size : newline;
    this.#lineSearched = position + length;
    if (length > this.limit) {
      if (newline < 0 && !eof && this.#tooLong !== position) {
        this.#tooLong = position;
        return SOON; // it may end in what comes in the same turn
      }
      buffer.skip(newline < 0 ? length : newline + 1);
      this.checkLimit(length, "a line, which is dropped");
    }
    if (newline >= 0) return newline + 1;
    return eof ? length : undefined;
  }

  /**
   * Takes the next line, or what is left at the end, and gives its text without
   * its end; `END` if nothing is left.
   *
   * @throws {LimitOverrunError} It is too long, and is dropped.
   */
  takeText(
    buffer: ByteBuffer,
    eof: boolean,
  ): string | undefined | typeof END | typeof SOON {
    this.#text ??= new LineText();
    const text = this.#text.next(buffer, this.limit);
    if (text !== undefined) return text;
    const length = this.lineLength(buffer, eof);
    if (length === undefined || length === SOON) return length;
    if (length === 0) return END;
    let end = length;
    if (buffer.at(end - 1) === LF && --end > 0 && buffer.at(end - 1) === CR) {
      end--;
    }
    return this.#text.take(buffer, length, length - end);
  }

  /** @throws {LimitOverrunError} `bytes` is above the limit. */
  checkLimit(bytes: number, what: string): void {
    if (bytes <= this.limit) return;
    throw new LimitOverrunError(
      `Cannot read ${what}: expected at most the limit of ${this.limit} bytes, received ${bytes}`,
      bytes,
    );
  }
}

/** How long a line may be, in bytes, unless given. */
const DEFAULT_LIMIT = 65536;

/** @throws {RangeError} It is no number above 0. */
export function checkLineLimit(limit: unknown = DEFAULT_LIMIT): number {
  if (typeof limit === "number" && limit > 0) return limit;
  throw new RangeError(
    `Cannot make a reader: its limit is a number of bytes above 0, received ${
      describe(limit)
    }`,
  );
}
