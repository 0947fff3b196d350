/** @module */
import { EndOfTurn } from "../buffer/end_of_turn.ts";
import { FIRST_READ, nextReadSize } from "../buffer/read_size.ts";
import type { ByteSource } from "../buffer/source_and_sink.ts";
import { Reception } from "./reception.ts";

/** Where bytes come from. */
export type ReadSource = Pick<ByteSource, "name" | "read">;

/** Gets the bytes that are read. */
export interface ReadOwner {
  /**
   * Takes the bytes of `memory` from `from` to `to`: all, or as many as one
   * call of the protocol can take. Returns their number.
   */
  received(
    memory: Uint8Array<ArrayBuffer>,
    from: number,
    to: number,
  ): number;
  readonly isWriting: boolean;
  /** There are no more. */
  ended(): void;
  /** Reading has failed. */
  readFailed(error: unknown): void;
}

const EMPTY: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/**
 * Reads from a source, and hands the bytes to its owner while it is not paused.
 * One read is always under way; while paused, its bytes are kept for later.
 */
export class ReadLoop {
  readonly #source: ReadSource;
  readonly #owner: ReadOwner;
  #size = FIRST_READ;
  #memory = EMPTY;
  /** The bytes that were not taken begin here ... */
  #from = 0;
  /** ... and end here. */
  #to = 0;
  /** How the source has ended. */
  #end: "no" | "eof" | { error: unknown } = "no";
  readonly #readLater = new EndOfTurn(() => this.#read());
  #isReading = false;
  #isPaused = false;
  /** Gets what the read under way brings, in place of the owner. */
  #takenOver: PromiseWithResolvers<Uint8Array | null> | undefined;
  #isStopped = false;
  #wait: Reception | undefined;

  constructor(source: ReadSource, owner: ReadOwner) {
    this.#source = source;
    this.#owner = owner;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Nothing is given out until {@linkcode unpause}. */
  pause(): void {
    this.#isPaused = true;
    this.#endWait();
  }

  /** {@linkcode deliver} is to be called soon. */
  unpause(): void {
    this.#isPaused = false;
  }

  /** Gives out what has come, and reads on: as protocols are called. */
  deliver(): void {
    while (this.#from < this.#to && this.#isActive) {
      this.#from += this.#owner.received(this.#memory, this.#from, this.#to);
    }
    if (!this.#isActive) return;
    const end = this.#end;
    if (end === "no") {
      if (this.#owner.isWriting) this.#readLater.plan();
      else this.#read();
      return;
    }
    this.stop();
    if (end === "eof") this.#owner.ended();
    else this.#owner.readFailed(end.error);
  }

  /** The answer to what was given out is sent. */
  written(): void {
    if (this.#readLater.cancel()) this.#read();
  }

  /**
   * Hands the source over to another reader, with the bytes that were not given
   * out: they, or what the read under way brings, go to the returned promise;
   * `null` is the end. `undefined` if there is neither. Until {@linkcode
   * takeBack} nothing is read.
   */
  handOver(): Promise<Uint8Array | null> | undefined {
    this.pause();
    this.#readLater.cancel();
    const isReading = this.#isReading;
    this.#isReading = true;
    if (this.#from < this.#to) {
      const bytes = this.#memory.slice(this.#from, this.#to);
      this.#from = this.#to = 0;
      return Promise.resolve(bytes);
    }
    if (!isReading) return undefined;
    const takenOver = Promise.withResolvers<Uint8Array | null>();
    takenOver.promise.catch(() => {}); // the next read rejects with it
    this.#takenOver = takenOver;
    return takenOver.promise;
  }

  /** Reads again; {@linkcode deliver} is to be called soon. */
  takeBack(): void {
    this.#isReading = false;
    this.#takenOver = undefined;
    this.unpause();
  }

  /** Whether the end has come, or a failure, and was not given out. */
  get hasEnded(): boolean {
    return this.#isStopped || this.#end !== "no";
  }

  /** Nothing is given out any more. */
  stop(): void {
    this.#isStopped = true;
    this.#endWait();
    this.#memory = EMPTY;
    this.#from = this.#to = 0;
  }

  #endWait(): void {
    this.#wait?.wake();
    this.#wait = undefined;
  }

  get #what(): string {
    const { name } = this.#source;
    return name === undefined ? "Transport" : `Transport ${name}`;
  }

  get #isActive(): boolean {
    return !this.#isPaused && !this.#isStopped;
  }

  #read(): void {
    this.#wait ??= new Reception(this.#what);
    if (this.#isReading) return;
    this.#isReading = true;
    const size = this.#size;
    if (this.#memory.length !== size) this.#memory = new Uint8Array(size);
    this.#source.read(this.#memory).then(this.#filled, this.#failed);
  }

  #filled = (n: number | null): void => {
    if (this.#takenOver !== undefined) {
      return this.#takenOver.resolve(
        n === null ? null : this.#memory.slice(0, n),
      );
    }
    this.#isReading = false;
    if (this.#isStopped) return;
    if (n === null) {
      this.#end = "eof";
    } else {
      this.#size = nextReadSize(this.#size, n, this.#to, this.#memory.length);
      this.#from = 0;
      this.#to = n;
    }
    this.deliver();
  };

  #failed = (error: unknown): void => {
    if (this.#takenOver !== undefined) return this.#takenOver.reject(error);
    this.#isReading = false;
    if (this.#isStopped) return;
    this.#end = { error };
    this.deliver();
  };
}
