/** @module */

/** How much is turned into text at once. */
const PAGE = 1 << 14;

/**
 * A piece of a stream as text, a character for each byte, whatever they mean:
 * the runtime finds a character in a string several times faster than a byte in
 * an array. All places are counted from the beginning of the stream.
 */
export class ByteSearch {
  #text = "";
  #from = 0;
  /** The place after its last byte. */
  to = 0;

  covers(place: number): boolean {
    return this.#from <= place && place < this.to;
  }

  /** Where `byte` stands in it, from `place` on; -1 if it does not. */
  indexOf(byte: number, place: number): number {
    const at = this.#text.indexOf(
      String.fromCharCode(byte),
      place - this.#from,
    );
    return at < 0 ? -1 : this.#from + at;
  }

  /** Turns to the bytes from `start` on, or as many of them as fit. */
  turn(memory: Uint8Array, start: number, end: number, place: number): void {
    const length = Math.min(end - start, PAGE);
    const offset = memory.byteOffset + start;
    // The global one, which is loaded by the first use.
    const { Buffer } = globalThis;
    this.#text = Buffer.from(memory.buffer, offset, length).toString("latin1");
    this.#from = place;
    this.to = place + length;
  }

  /** Lets go of the text. */
  close(): void {
    this.#text = "";
    this.to = this.#from;
  }
}
