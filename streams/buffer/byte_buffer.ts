/**
 * Bytes that come in at one end and are taken at the other, in one piece of
 * memory: so a separator is found by the runtime's own search, wherever the
 * chunks were cut, and a read can go straight into the free end.
 *
 * It grows by doubling, so that however small the chunks are, filling it costs
 * time linear in the bytes.
 *
 * @module
 */

import { allocate, MAX_IDLE_BYTES, release } from "./buffer_pool.ts";
import { ByteSearch } from "./byte_search.ts";

const EMPTY: Uint8Array<ArrayBuffer> = new Uint8Array(0);
/** So many bytes are copied sooner than given away with their memory. */
const COPIED_UP_TO = 4096;
/** How much is copied at once if many small pieces are to be expected. */
const CUT_PAGE = 1 << 16;
/** From this many bytes on, a search as text is faster. */
const SEARCHED_AS_TEXT_FROM = 512;

/** Bytes that were taken with their memory. */
export interface Detached {
  readonly bytes: Uint8Array;
  /** What may go to the pool when the bytes are no longer needed. */
  readonly memory: Uint8Array<ArrayBuffer>;
}

export class ByteBuffer {
  #memory = EMPTY;
  #start = 0;
  #end = 0;
  /** A view of the memory after {@linkcode #freeFrom}, as it was lent last. */
  #free = EMPTY;
  #freeFrom = 0;
  /** Whether the free memory is being filled. */
  #lent = false;
  /** Whether its bytes must stay where they are: a view of them is in use. */
  #isViewed = false;
  /** Whether none of its memory may be used again: frames are views of it. */
  #isShared = false;
  /**
   * A copy of what begins at {@linkcode #pageFrom}: small pieces are cut out of
   * it.
   */
  #page: Uint8Array<ArrayBuffer> = EMPTY;
  #pageFrom = 0;
  /** The piece that was searched last. */
  #searched: ByteSearch | undefined;
  /**
   * How many bytes have been taken since it was made: the place of the first
   * one in the whole stream.
   */
  position = 0;

  get size(): number {
    return this.#end - this.#start;
  }

  /** Whether its memory is used up to the end. */
  get isFull(): boolean {
    return this.#end === this.#memory.length;
  }

  /** What is in it, without taking it; valid until the next change. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.subarray(this.#start, this.#end);
  }

  /** The same; valid until bytes are taken, also if some are added. */
  view(): Uint8Array<ArrayBuffer> {
    this.#isViewed = true;
    return this.bytes;
  }

  /**
   * Takes the first `n` bytes, of which views are in use for good. So the memory
   * is not used again.
   */
  share(n: number): void {
    this.#isShared = true;
    this.skip(n);
  }

  /**
   * Takes all bytes with their memory; a copy of them, if that is being filled.
   */
  detach(): Detached {
    if (this.#lent) return { bytes: this.takeAll(), memory: EMPTY };
    const { bytes } = this;
    const memory = this.#isViewed || this.#isShared ? EMPTY : this.#memory;
    this.#replace(EMPTY);
    this.skip(bytes.length);
    return { bytes, memory };
  }

  /**
   * The first bytes, at most `n`, without taking them; valid until the next
   * change.
   */
  first(n: number): Uint8Array<ArrayBuffer> {
    const end = Math.min(this.#start + n, this.#end);
    return this.#memory.subarray(this.#start, end);
  }

  /** The byte at `offset`. */
  at(offset: number): number | undefined {
    return this.#memory[this.#start + offset];
  }

  /**
   * Lends free memory at the end, about `n` bytes, until {@linkcode commit};
   * nothing may be added in between.
   */
  reserve(n: number): Uint8Array {
    const least = Math.ceil(n / 2);
    if (this.#memory.length - this.#end < least) this.#makeRoom(n, least);
    this.#lent = true;
    if (this.#free === EMPTY || this.#freeFrom !== this.#end) {
      this.#free = this.#end === 0
        ? this.#memory
        : this.#memory.subarray(this.#end);
      this.#freeFrom = this.#end;
    }
    return this.#free;
  }

  /**
   * Adds the first `n` bytes of `filled`, which came from {@linkcode reserve}.
   */
  commit(filled: Uint8Array, n: number): void {
    this.#lent = false;
    const inPlace = filled === this.#free && this.#freeFrom === this.#end;
    if (inPlace) this.#end += n;
    else if (n > 0) this.append(filled.subarray(0, n)); // the memory was given away
  }

  /** Adds a copy of `data`. */
  append(data: Uint8Array): void {
    if (this.#memory.length - this.#end < data.length) {
      this.#makeRoom(data.length);
    }
    this.#memory.set(data, this.#end);
    this.#end += data.length;
  }

  /** Where `byte` is, counted from the first byte; -1 if there is none. */
  indexOf(byte: number, from: number): number {
    if (this.#searched === undefined) {
      if (this.size - from < SEARCHED_AS_TEXT_FROM) {
        return this.#indexOfFew(byte, from);
      }
      this.#searched = new ByteSearch();
    }
    const page = this.#searched;
    let place = this.position + from;
    const end = this.position + this.size;
    while (page.covers(place) || end - place >= SEARCHED_AS_TEXT_FROM) {
      if (!page.covers(place)) {
        const start = this.#start + place - this.position;
        page.turn(this.#memory, start, this.#end, place);
      }
      const at = page.indexOf(byte, place);
      if (at >= 0) return at - this.position;
      place = page.to;
    }
    return this.#indexOfFew(byte, place - this.position);
  }

  #indexOfFew(byte: number, from: number): number {
    const memory = this.#memory;
    const begin = this.#start + from;
    const end = this.#end;
    // The free memory behind may be as large as all that has come so far: the
    // search must end before it.
    if (this.#lent) {
      const at = memory.subarray(begin, end).indexOf(byte);
      return at < 0 ? -1 : from + at;
    }
    memory[end] = byte; // out of bounds it does nothing
    const at = memory.indexOf(byte, begin);
    return at < 0 || at === end ? -1 : at - this.#start;
  }

  /** Whether `data` stands at `offset`. */
  has(data: Uint8Array, offset: number): boolean {
    const at = this.#start + offset;
    if (at + data.length > this.#end) return false;
    for (let i = 0; i < data.length; i++) {
      if (this.#memory[at + i] !== data[i]) return false;
    }
    return true;
  }

  /** Takes the first `n` bytes out, in memory of the caller's own. */
  take(n: number): Uint8Array<ArrayBuffer> {
    let taken: Uint8Array<ArrayBuffer>;
    const start = this.#start;
    const { length } = this.#memory;
    const isFree = !this.#lent && !this.#isShared;
    if (n === length && n > COPIED_UP_TO && isFree) {
      taken = this.#memory;
      this.#replace(EMPTY);
    } else {
      taken = this.#memory.slice(start, start + n);
    }
    this.skip(n);
    return taken;
  }

  /** Takes the first `n` bytes out; several pieces may share an `ArrayBuffer`. */
  cut(n: number): Uint8Array<ArrayBuffer> {
    const piece = this.#fromPage(n);
    if (piece === undefined) return this.take(n);
    this.skip(n);
    return piece;
  }

  /**
   * Memory of its own for each of many small pieces would cost more than all
   * the rest. So they share a copy: what its owners do with it does not touch
   * what is still in here.
   */
  #fromPage(n: number): Uint8Array<ArrayBuffer> | undefined {
    if (n === 0) return undefined; // no owner may get what all of them share
    const from = this.position - this.#pageFrom;
    if (from + n <= this.#page.length) {
      return this.#page.subarray(from, from + n);
    }
    if (this.size < 4 * n || n > COPIED_UP_TO) return undefined;
    const copied = this.first(CUT_PAGE);
    this.#page = new Uint8Array(copied.length); // a large slice() takes longer
    this.#page.set(copied);
    this.#pageFrom = this.position;
    return this.#page.subarray(0, n);
  }

  /** Takes all. */
  takeAll(): Uint8Array<ArrayBuffer> {
    return this.take(this.size);
  }

  /** Drops the first `n` bytes. */
  skip(n: number): void {
    this.position += n;
    this.#start += n;
    this.#isViewed = false;
    if (this.#start < this.#end) return;
    this.#page = EMPTY;
    this.#searched?.close();
    if (this.#isShared) return;
    this.#start = this.#end = 0;
    if (this.#memory.length <= MAX_IDLE_BYTES || this.#lent) return;
    release(this.#memory);
    this.#replace(EMPTY);
  }

  #replace(memory: Uint8Array<ArrayBuffer>): void {
    this.#memory = memory;
    this.#free = EMPTY;
    this.#isViewed = this.#isShared = false;
  }

  /** Makes room for `n` bytes, or for `least` if that takes no new memory. */
  #makeRoom(n: number, least = n): void {
    const { size } = this;
    const old = this.#memory;
    // Moving to the front costs `size`: it pays only if as much has been taken
    // since the last time, or the costs would be quadratic.
    const isFixed = this.#isViewed || this.#isShared;
    if (!isFixed && this.#start >= size && size + least <= old.length) {
      old.copyWithin(0, this.#start, this.#end);
    } else {
      const memory = allocate(Math.max(size + n, 2 * size));
      memory.set(this.bytes);
      this.#replace(memory);
      if (!isFixed && !this.#lent) release(old);
    }
    this.#start = 0;
    this.#end = size;
  }
}
