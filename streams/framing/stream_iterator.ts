/** @module */
import type { BufferedSource } from "../buffer/buffered_source.ts";
import { type Decode, END, SOON } from "../buffer/decode.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Iterates over what a decoder gives, up to its `END`. By hand, since an async
 * generator would wait for the read that is under way before it returns.
 */
export class StreamIterator<T, A> implements AsyncIterator<T, undefined> {
  readonly #source: BufferedSource;
  readonly #decode: Decode<T, A>;
  readonly #argument: A;
  readonly #options: WaitOptions | undefined;
  #returned = false;

  constructor(
    source: BufferedSource,
    decode: Decode<T, A>,
    argument: A,
    options?: WaitOptions,
  ) {
    this.#source = source;
    this.#decode = decode;
    this.#argument = argument;
    this.#options = options;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const { next } = StreamIterator;
    return this.#source.read("StreamReader.next", next, this.#options, this);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#returned = true;
    this.#source.giveUp(this, DONE);
    return Promise.resolve(DONE);
  }

  static next<T, A>(
    this: void,
    buffer: ByteBuffer,
    eof: boolean,
    iterator: StreamIterator<T, A>,
  ): IteratorResult<T, undefined> | undefined | typeof SOON {
    if (iterator.#returned) return DONE;
    const value = iterator.#decode(buffer, eof, iterator.#argument);
    if (value === undefined) return undefined;
    if (value === SOON) return SOON;
    return value === END ? DONE : { done: false, value: value as T };
  }
}
