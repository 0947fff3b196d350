/**
 * Bytes that come in at one end and are taken at the other, in one piece of memory: so a separator is found by the
 * runtime's own search, wherever the chunks were cut, and a read can go straight into the free end.
 *
 * It grows by doubling, so that however small the chunks are, filling it costs time linear in the bytes.
 *
 * @module
 */

const EMPTY = new Uint8Array(0);
/** Bytes that are better copied than given away with their memory. */
const SMALL = 4096;
/** Memory that is not kept when it has become empty. */
const LARGE = 1 << 18;

export class ByteBuffer {
  #memory: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;
  /** The memory after {@linkcode #freeFrom}, as it was lent last. */
  #free: Uint8Array = EMPTY;
  #freeFrom = 0;
  /** Whether somebody is filling it. */
  #lent = false;
  /** How many bytes have been taken since it was made: the place of the first one in the whole stream. */
  position = 0;

  get size(): number {
    return this.#end - this.#start;
  }

  /** What is in it, without taking it; valid until the next change. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(this.#start, this.#end);
  }

  /** Lends free memory at the end, about `n` bytes, until {@linkcode commit}; nothing may be added in between. */
  reserve(n: number): Uint8Array {
    if (2 * (this.#memory.length - this.#end) < n) this.#makeRoom(n);
    this.#lent = true;
    if (this.#free === EMPTY || this.#freeFrom !== this.#end) {
      this.#free = this.#memory.subarray(this.#end);
      this.#freeFrom = this.#end;
    }
    return this.#free;
  }

  /** Adds the first `n` bytes of `filled`, which came from {@linkcode reserve}. */
  commit(filled: Uint8Array, n: number): void {
    this.#lent = false;
    const inPlace = filled === this.#free && this.#freeFrom === this.#end;
    if (inPlace) this.#end += n;
    else if (n > 0) this.append(filled.subarray(0, n)); // what was here has been taken since
  }

  /** Adds a copy of `data`. */
  append(data: Uint8Array): void {
    if (this.#memory.length - this.#end < data.length) {
      this.#makeRoom(data.length);
    }
    this.#memory.set(data, this.#end);
    this.#end += data.length;
  }

  /** Where `byte` is, counted from the first byte here; -1 where it is not. */
  indexOf(byte: number, from: number): number {
    const begin = this.#start + from;
    // Only what is filled: the free memory behind it may be as large as all that has come so far.
    const at = this.#memory.subarray(begin, this.#end).indexOf(byte);
    return at < 0 ? -1 : from + at;
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

  /** Takes the first `n` bytes out. */
  take(n: number): Uint8Array {
    const start = this.#start;
    const wholeMemory = n === this.#memory.length && n > SMALL && !this.#lent;
    const taken = wholeMemory
      ? this.#memory.subarray(start, start + n)
      : this.#memory.slice(start, start + n);
    if (wholeMemory) this.#replace(EMPTY);
    this.skip(n);
    return taken;
  }

  /** Takes all. */
  takeAll(): Uint8Array {
    return this.take(this.size);
  }

  /** Drops the first `n` bytes. */
  skip(n: number): void {
    this.position += n;
    this.#start += n;
    if (this.#start < this.#end) return;
    this.#start = this.#end = 0;
    if (this.#memory.length > LARGE && !this.#lent) this.#replace(EMPTY);
  }

  #replace(memory: Uint8Array): void {
    this.#memory = memory;
    this.#free = EMPTY;
  }

  #makeRoom(n: number): void {
    const { size } = this;
    // Moving to the front costs `size`: it pays only where as much has been taken since, or it would be quadratic.
    if (this.#start >= size && size + n <= this.#memory.length) {
      this.#memory.copyWithin(0, this.#start, this.#end);
    } else {
      const memory = new Uint8Array(Math.max(size + n, 2 * size));
      memory.set(this.bytes);
      this.#replace(memory);
    }
    this.#start = 0;
    this.#end = size;
  }
}
