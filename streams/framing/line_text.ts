/** @module */
import type { ByteBuffer } from "../buffer/byte_buffer.ts";

/** How much is decoded at once. */
const PAGE = 1 << 14;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Lines as text, out of a buffer with many of them: one call of the decoder
 * costs as much as all the rest of a short line, so a page is decoded at once.
 * Where it has as many characters as bytes, each is one byte, and the lines can
 * be cut out of the text.
 */
export class LineText {
  #text = "";
  /** In the whole stream: what the page covers. */
  #from = 0;
  #to = 0;
  #cuttable = false;

  /**
   * Takes the first `n` bytes, and gives the text of all but the last `newline`
   * of them.
   */
  take(buffer: ByteBuffer, n: number, newline: number): string {
    const { position } = buffer;
    if (position + n > this.#to && 4 * n <= buffer.size) this.#turn(buffer);
    const text = this.#cuttable && position + n <= this.#to
      ? this.#text.slice(
        position - this.#from,
        position - this.#from + n - newline,
      )
      : decoder.decode(buffer.first(n - newline));
    buffer.skip(n);
    return text;
  }

  #turn(buffer: ByteBuffer): void {
    const bytes = buffer.first(PAGE);
    this.#text = decoder.decode(bytes);
    this.#cuttable = this.#text.length === bytes.length;
    this.#from = buffer.position;
    this.#to = this.#from + bytes.length;
  }
}
