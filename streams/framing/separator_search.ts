/** @module */
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import type { Separators } from "./separators.ts";

/** Where a separator was found, counted from the first byte of the buffer. */
export interface Match {
  start: number;
  end: number;
}

/**
 * A search for some separators at once, that no byte passes twice: it
 * remembers, for each of them, its next place in the stream or how far there is
 * none, over chunks, reads given up and matches taken.
 */
export class SeparatorSearch {
  readonly separators: Separators;
  readonly #buffer: ByteBuffer;
  /**
   * In the whole stream: where each stands next; -1 where that is not known.
   */
  readonly #found: number[];
  /** In the whole stream: before that, none begins. */
  readonly #searched: number[];

  constructor(separators: Separators, buffer: ByteBuffer) {
    this.separators = separators;
    this.#buffer = buffer;
    this.#found = separators.all.map(() => -1);
    this.#searched = separators.all.map(() => 0);
  }

  /** The separator that ends first; of several, the shortest. */
  next(): Match | undefined {
    const { all } = this.separators;
    const { position } = this.#buffer;
    let start = -1;
    let end = Infinity;
    for (let i = 0; i < all.length; i++) {
      const found = this.#next(i, all[i]!, position);
      if (found < 0 || found + all[i]!.length >= end) continue;
      start = found;
      end = found + all[i]!.length;
    }
    return start < 0
      ? undefined
      : { start: start - position, end: end - position };
  }

  #next(i: number, separator: Uint8Array, position: number): number {
    if (this.#found[i]! >= position) return this.#found[i]!;
    const buffer = this.#buffer;
    const first = separator[0]!;
    const from = Math.max(this.#searched[i]! - position, 0);
    let at = buffer.indexOf(first, from);
    while (at >= 0 && separator.length > 1 && !buffer.has(separator, at)) {
      at = buffer.indexOf(first, at + 1);
    }
    // It may have begun at the end, and be cut there.
    const clear = Math.max(from, buffer.size + 1 - separator.length);
    this.#searched[i] = position + (at < 0 ? clear : at);
    return this.#found[i] = at < 0 ? -1 : position + at;
  }
}
