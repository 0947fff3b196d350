/** @module */
import type { Connection } from "./connection.ts";
import type { BufferedSource } from "../buffer/buffered_source.ts";
import { type Decode, LATER } from "../buffer/decode.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/**
 * Hands on what a source brings, to its end, in one wait. Each chunk goes in the
 * memory that it was read into, so none is copied; the memory comes from the pool
 * and goes back to it.
 *
 * A source that fills its memory has more: the next chunk is read while this one is
 * written, and no more than that. One that does not is read when this one is
 * written, into the same memory, which is still in the cache.
 */
export class Pipe {
  readonly #source: BufferedSource;
  readonly #target: Connection;
  /** Why the target takes no more. */
  #ended: { error: unknown } | undefined;
  #passed = 0;
  readonly #retry = () => this.#source.retry();

  constructor(source: BufferedSource, target: Connection) {
    this.#source = source;
    this.#target = target;
  }

  /** Resolves to the number of bytes when all are handed on. */
  async run(options: WaitOptions | undefined): Promise<number> {
    const forget = this.#target.whenLocallyEnded((error) => {
      this.#ended = { error };
      this.#source.retry();
    });
    try {
      return await this.#source.read(
        "StreamReader.pipeTo",
        handOn,
        options,
        this,
      );
    } finally {
      forget();
      this.#target.senders.delete(this.#retry);
    }
  }

  /** Hands on what is there, if the target takes it now. */
  handOn(buffer: ByteBuffer, eof: boolean): number | undefined | typeof LATER {
    const { size, isFull } = buffer;
    // An earlier pipe that was given up may have begun to close the target.
    if (size === 0 && eof) return this.#passed;
    this.#checkTarget();
    if (size === 0) return undefined;
    if (!this.#target.canSend()) return this.#whenDrained();
    this.#passed += size;
    this.#target.send(buffer.detach());
    this.#checkTarget(); // its stream may have ended it
    if (eof) return this.#passed;
    return isFull ? undefined : this.#whenDrained();
  }

  /** @throws Why the target takes no more. */
  #checkTarget(): void {
    if (this.#ended !== undefined) throw this.#ended.error;
  }

  #whenDrained(): typeof LATER {
    this.#target.senders.add(this.#retry);
    return LATER;
  }
}

const handOn: Decode<number, Pipe> = (buffer, eof, pipe) =>
  pipe.handOn(buffer, eof);
