/** @module */
import type { SeparatorBytes, Separators } from "./separators.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";

/** Where a separator was found, counted from the first byte of the buffer. */
export interface Match {
  start: number;
  end: number;
}

/** What is known of one separator; both are places in the whole stream. */
interface Known {
  /** Where it stands next; -1 if that is not known. */
  found: number;
  /** Before that, none begins. */
  searched: number;
}

/** With more separators than this, those that say nothing any more are dropped. */
const MANY = 16;

/**
 * A search for separators in a buffer, in which no byte is looked at twice for
 * the same separator: what is known of each is kept, over chunks, reads given up,
 * matches taken, and searches for others in between.
 */
export class SeparatorSearch {
  readonly #known = new Map<string, Known>();

  /** The separator that ends first; of several, the shortest. */
  next(separators: Separators, buffer: ByteBuffer): Match | undefined {
    let start = -1;
    let end = Infinity;
    for (const separator of separators.all) {
      const found = this.#next(separator, buffer);
      if (found < 0 || found + separator.bytes.length >= end) continue;
      start = found;
      end = found + separator.bytes.length;
    }
    const { position } = buffer;
    return start < 0
      ? undefined
      : { start: start - position, end: end - position };
  }

  #next({ key, bytes }: SeparatorBytes, buffer: ByteBuffer): number {
    const { position, size } = buffer;
    const known = this.#known.get(key) ?? this.#add(key, position);
    if (known.found >= position) return known.found;
    const first = bytes[0]!;
    const from = Math.max(known.searched - position, 0);
    let at = buffer.indexOf(first, from);
    while (at >= 0 && bytes.length > 1 && !buffer.has(bytes, at)) {
      at = buffer.indexOf(first, at + 1);
    }
    // It may have begun at the end, and be cut there.
    const clear = Math.max(from, size + 1 - bytes.length);
    known.searched = position + (at < 0 ? clear : at);
    return known.found = at < 0 ? -1 : position + at;
  }

  #add(key: string, position: number): Known {
    if (this.#known.size >= MANY) {
      for (const [other, { searched }] of this.#known) {
        if (searched <= position) this.#known.delete(other);
      }
    }
    const known = { found: -1, searched: position };
    this.#known.set(key, known);
    return known;
  }
}
