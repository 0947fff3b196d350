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
  readonly #buffer: ByteBuffer;
  #text = "";
  /** In the whole stream: what the page covers. */
  #from = 0;
  #to = 0;
  #cuttable = false;

  constructor(buffer: ByteBuffer) {
    this.#buffer = buffer;
  }

  /**
   * Takes the first `n` bytes, and gives the text of all but the last `newline`
   * of them.
   */
  take(n: number, newline: number): string {
    const buffer = this.#buffer;
    const { position } = buffer;
    if (position + n > this.#to && 4 * n <= buffer.size) this.#turn();
    const text = this.#cuttable && position + n <= this.#to
      ? this.#text.slice(
        position - this.#from,
        position - this.#from + n - newline,
      )
      : decoder.decode(buffer.first(n - newline));
    buffer.skip(n);
    return text;
  }

  #turn(): void {
    const bytes = this.#buffer.first(PAGE);
    this.#text = decoder.decode(bytes);
    this.#cuttable = this.#text.length === bytes.length;
    this.#from = this.#buffer.position;
    this.#to = this.#from + bytes.length;
  }
}
