/** @module */
import type { ByteBuffer } from "../buffer/byte_buffer.ts";

/** How much is decoded at once. */
const PAGE = 1 << 14;
/** Fewer bytes are better searched as they are, and decoded line by line. */
const MIN_PAGE = 512;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Lines as text, out of a buffer with many of them: one call of the decoder
 * costs as much as all the rest of a short line, so a page is decoded at once.
 * Where it has as many characters as bytes, each is one byte: then the ends of
 * the lines are searched in the text, and the lines are cut out of it.
 *
 * A page begins with a line, and there is one for a line at the most: so no byte
 * is decoded more than a few times, however long the line and small the chunks.
 */
export class LineText {
  #text = "";
  /** In the whole stream: what the page covers. */
  #from = -1;
  #to = 0;
  #isCuttable = false;
  /** How long the last line was: the next one may be as long. */
  #length = 0;

  /**
   * Takes the next line if a page has all of it, and its length before the newline
   * is within the limit; gives its text without its end.
   */
  next(buffer: ByteBuffer, limit: number): string | undefined {
    const { position } = buffer;
    if (this.#isCuttable && position < this.#to) {
      const line = this.#cut(buffer, limit);
      if (line !== undefined) return line;
    } else if (position < this.#to) {
      return undefined;
    }
    const { size } = buffer;
    if (position === this.#from || position + size <= this.#to) {
      return undefined;
    }
    if (size < MIN_PAGE || size < 4 * this.#length) return undefined;
    this.#turn(buffer);
    return this.#isCuttable ? this.#cut(buffer, limit) : undefined;
  }

  /**
   * Takes the first `n` bytes, a line, and gives the text of all but the last
   * `newline` of them.
   */
  take(buffer: ByteBuffer, n: number, newline: number): string {
    const text = decoder.decode(buffer.first(n - newline));
    this.#length = n;
    buffer.skip(n);
    return text;
  }

  #cut(buffer: ByteBuffer, limit: number): string | undefined {
    const text = this.#text;
    const start = buffer.position - this.#from;
    const newline = text.indexOf("\n", start);
    const length = newline - start;
    if (newline < 0 || length > limit) return undefined;
    this.#length = length + 1;
    buffer.skip(length + 1);
    if (newline + 1 === text.length) this.#text = ""; // an idle reader holds none
    const hasReturn = length > 0 && text.charCodeAt(newline - 1) === 0x0d;
    return text.slice(start, hasReturn ? newline - 1 : newline);
  }

  #turn(buffer: ByteBuffer): void {
    const bytes = buffer.first(PAGE);
    const text = decoder.decode(bytes);
    this.#isCuttable = text.length === bytes.length;
    this.#text = this.#isCuttable ? text : "";
    this.#from = buffer.position;
    this.#to = this.#from + bytes.length;
  }
}
