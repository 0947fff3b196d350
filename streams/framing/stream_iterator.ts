/** @module */
import { DONE } from "./decoders.ts";
import type { BufferedSource, Decode } from "../buffer/buffered_source.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/**
 * Iterates over what a decoder gives. By hand, since an async generator would
 * wait for the read that is under way before it returns.
 */
export class StreamIterator<T> implements AsyncIterator<T, undefined> {
  readonly #source: BufferedSource;
  readonly #decode: Decode<IteratorResult<T, undefined>>;
  readonly #options: WaitOptions | undefined;
  #returned = false;

  constructor(
    source: BufferedSource,
    decode: Decode<IteratorResult<T, undefined>>,
    options?: WaitOptions,
  ) {
    this.#source = source;
    this.#options = options;
    this.#decode = (buffer, eof) => this.#returned ? DONE : decode(buffer, eof);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#source.read("StreamReader.next", this.#decode, this.#options);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#returned = true;
    this.#source.giveUp(this.#decode, DONE);
    return Promise.resolve(DONE);
  }
}
