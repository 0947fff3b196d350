/**
 * What a reader stands on: the buffer, where its bytes come from, and the one
 * wait for them.
 *
 * It reads on demand, by one call of the source at a time. A wait that is given
 * up leaves that call under way, and the bytes that it brings stay in the buffer
 * for the next wait. So nothing is lost, and memory is bounded by what is asked
 * for.
 *
 * @module
 */
import { ByteBuffer } from "./byte_buffer.ts";
import { type Decode, END, LATER, SOON } from "./decode.ts";
import { withPartial } from "./partial.ts";
import { FIRST_READ, nextReadSize } from "./read_size.ts";
import type { ByteSource } from "./source_and_sink.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { Waiter } from "../../tasks/kernel/wait/waiter.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";

/** The owner of a buffered source decides what its end means. */
export interface SourceOwner {
  /** A read needs more bytes: the source is asked for them next, if it can be. */
  beforeRead(): void;
  /** Nothing waits, and the source is not asked for more. */
  sourceIdle(): void;
  /** The source has ended: is to call `end` or `fail`. */
  sourceEnded(): void;
  /** The source has failed: is to call `end` or `fail`. */
  sourceFailed(error: unknown): void;
}

/** A read that waits. */
class Read<T> extends Waiter<T> {
  readonly #source: BufferedSource;

  constructor(source: BufferedSource, options: WaitOptions | undefined) {
    super(options);
    this.#source = source;
  }

  get what(): string {
    return this.#source.what;
  }

  protected override leave(): void {
    this.#source.forgetWait();
  }
}

/** See the module. */
export class BufferedSource {
  readonly buffer = new ByteBuffer();
  readonly #source: ByteSource | undefined;
  readonly #owner: SourceOwner | undefined;
  #readSize = FIRST_READ;
  /** How many bytes the last read got. */
  #lastRead = 0;
  #eof = false;
  #failure: { error: unknown; atOnce: boolean } | undefined;
  #filling = false;
  #isPaused = false;
  /** Whether nothing waited when the source was asked last. */
  #isAhead = false;
  /** Whether a call of the source keeps the program alive: while a read waits. */
  #keepsAlive = true;
  /** Gets what the call under way brings, in place of the buffer. */
  #takenOver: {
    resolve(bytes: Uint8Array | null): void;
    reject(error: unknown): void;
  } | undefined;
  /** What the source is filling, or has filled last. */
  #memory: Uint8Array | undefined;
  #waiter: Waiter<unknown> | undefined;
  /** What the wait is for. */
  #operation = "";
  #decode: Decode<unknown, unknown> | undefined;
  #argument: unknown;

  /**
   * @param source What is asked for bytes; left out, they are handed over: by the
   * owner, or else by the user.
   * @param owner Left out, the end of the source is the end, and its failure a
   * failure.
   */
  constructor(source?: ByteSource, owner?: SourceOwner) {
    this.#source = source;
    this.#owner = owner;
  }

  get what(): string {
    const name = this.#source?.name;
    return name === undefined ? this.#operation : `${this.#operation} ${name}`;
  }

  /** Forgets the wait, which was served or given up: there is one at a time. */
  forgetWait(): void {
    this.#waiter = this.#decode = this.#argument = undefined;
    if (this.#filling && !this.isOver) this.#keepAlive(false);
    else if (this.isIdle) this.#owner?.sourceIdle();
  }

  /** Whether no more bytes come. */
  get eof(): boolean {
    return this.#eof;
  }

  /** Why reads reject, and whether also those that need no more bytes. */
  get failure(): { error: unknown; atOnce: boolean } | undefined {
    return this.#failure;
  }

  /** Whether no more bytes come, in order or by a failure. */
  get isOver(): boolean {
    return this.#eof || this.#failure !== undefined;
  }

  /** What is waited for. */
  get waitsFor(): string | undefined {
    return this.#waiter?.what;
  }

  /** Whether the source is asked for nothing, and nothing waits. */
  get isIdle(): boolean {
    return this.#waiter === undefined && !this.#filling && !this.#isPaused &&
      !this.isOver;
  }

  /** Whether the source is asked for bytes though nothing waited for them. */
  get isReadingAhead(): boolean {
    return this.#filling && this.#isAhead;
  }

  /**
   * Calls `decode`, at once and whenever bytes come, until it returns something
   * or throws.
   *
   * @param what The method that was called, for messages.
   * @param argument What `decode` is given; {@linkcode giveUp} knows the wait by it.
   */
  read<T, A = undefined>(
    what: string,
    decode: Decode<T, A>,
    options?: WaitOptions,
    argument?: A,
  ): Promise<T> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#waiter !== undefined) {
      return readyError(
        new Error(
          `Cannot read by ${what}: a reader serves one read at a time, and ${this.#waiter.what} is still waiting`,
        ),
      );
    }
    let value: ReturnType<Decode<T>>;
    try {
      value = this.#take(decode, argument as A);
    } catch (error) {
      return readyError(error);
    }
    if (value !== undefined && value !== LATER && value !== SOON) {
      if (this.isIdle) this.#owner?.sourceIdle();
      return ready(value === END ? undefined as T : value);
    }
    this.#operation = what;
    const waiter = new Read<T>(this, options);
    waiter.isExternal = !this.#isFedByUser;
    this.#waiter = waiter as Waiter<unknown>;
    this.#decode = decode as Decode<unknown, unknown>;
    this.#argument = argument;
    this.#isAhead = false;
    this.#keepAlive(true);
    if (value === SOON) this.#retrySoon();
    else if (value !== LATER) this.#fill();
    return waiter.promise;
  }

  /**
   * Asks the source for bytes though nothing waits for them, and does not keep
   * the program alive for it.
   */
  readAhead(): void {
    if (!this.isIdle) return;
    this.#isAhead = true;
    this.#keepAlive(false);
    this.#fill();
  }

  /**
   * Takes over the call of the source that is under way. Its bytes go to the
   * returned promise, not to the buffer; `null` is the end.
   *
   * @returns `undefined` if no call is under way.
   */
  takeOver(): Promise<Uint8Array | null> | undefined {
    this.#keepAlive(true); // as the connection does that takes its place
    if (!this.#filling) return undefined;
    this.#filling = this.#isAhead = false;
    const takenOver = Promise.withResolvers<Uint8Array | null>();
    takenOver.promise.catch(() => {}); // it may be given up with the connection
    this.#takenOver = takenOver;
    return takenOver.promise;
  }

  /** Asks the source for nothing until {@linkcode resume}. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.retry();
  }

  /** Calls the decoder of the wait again, if there is one. */
  retry(): void {
    if (this.#serve()) this.#fillOn();
    else if (this.isIdle) this.#owner?.sourceIdle();
  }

  /** Drops the first `n` bytes that are there. */
  discard(n: number): void {
    this.buffer.skip(n);
    if (this.isIdle) this.#owner?.sourceIdle();
  }

  /** Ends the wait that was given `argument`, if there is one, with `value`. */
  giveUp(argument: unknown, value: unknown): void {
    if (this.#argument === argument) this.#waiter?.wake(value);
  }

  /** Cancels the source, if it is a Web Stream. */
  cancel(reason: unknown): Promise<void> | undefined {
    return this.#source?.cancel?.(reason);
  }

  /** Adds bytes by hand. */
  feed(data: Uint8Array): void {
    this.#checkFeed();
    if (this.#eof) throw new Error("Cannot feed: nothing follows the end");
    this.add(data);
  }

  feedEof(): void {
    this.#checkFeed();
    this.end();
  }

  /** Adds bytes that the owner was handed; returns whether a read needs more. */
  add(data: Uint8Array): boolean {
    this.buffer.append(data);
    return this.#serve();
  }

  /** No more bytes come. */
  end(): void {
    this.#eof = true;
    this.#serve();
  }

  /**
   * No more bytes come, and the reads that would need them reject with `error`.
   * `atOnce`, so do those that would not.
   */
  fail(error: unknown, atOnce = false): void {
    if (this.#failure?.atOnce) return;
    this.#failure = { error, atOnce };
    this.#serve();
  }

  /** Calls the decoder of the wait; returns whether it needs more bytes. */
  #serve(): boolean {
    const waiter = this.#waiter;
    if (waiter === undefined) return false;
    let value: unknown;
    try {
      value = this.#take(this.#decode!, this.#argument);
    } catch (error) {
      waiter.fail(error);
      return false;
    }
    if (value === undefined) return true;
    if (value === SOON) this.#retrySoon();
    else if (value !== LATER) waiter.wake(value === END ? undefined : value);
    return false;
  }

  #retrySoon(): void {
    queueMicrotask(() => this.retry());
  }

  /** The bytes that have come are given before the failure. */
  #take<T, A>(decode: Decode<T, A>, argument: A): ReturnType<Decode<T>> {
    const failure = this.#failure;
    if (failure?.atOnce) throw failure.error;
    const value = decode(this.buffer, this.#eof, argument);
    if (value !== undefined || failure === undefined) return value;
    throw withPartial(failure.error, this.buffer);
  }

  #keepAlive(keeps: boolean): void {
    if (keeps === this.#keepsAlive) return;
    this.#keepsAlive = keeps;
    this.#source?.keepAlive?.(keeps);
  }

  #fill(): void {
    if (this.#filling || this.#isPaused) return;
    this.#filling = this.#source !== undefined;
    this.#owner?.beforeRead();
    if (this.#source === undefined) return;
    this.#memory = this.buffer.reserve(this.#readSize);
    this.#source.read(this.#memory).then(this.#filled, this.#failed);
  }

  /**
   * Asks for more: past the budget in another turn, as a Web Stream may have more
   * at once for ever.
   */
  #fillOn(): void {
    const { loop } = this.#waiter!.scope;
    if (loop.spend()) return this.#fill();
    const run = () => {
      if (this.#waiter !== undefined) this.#fill();
    };
    loop.defer({ run, runsUserCode: false });
  }

  #filled = (n: number | null): void => {
    const memory = this.#memory!;
    if (this.#takenOver !== undefined) {
      this.#takenOver.resolve(n === null ? null : memory.slice(0, n));
      this.#takenOver = undefined;
      return this.buffer.commit(memory, 0);
    }
    this.#filling = false;
    if (this.isOver) return this.buffer.commit(memory, 0); // after the end
    this.buffer.commit(memory, n ?? 0);
    if (n === null) {
      if (this.#owner === undefined) this.end();
      else this.#owner.sourceEnded();
      return;
    }
    this.#readSize = nextReadSize(
      this.#readSize,
      n,
      this.#lastRead,
      memory.length,
    );
    this.#lastRead = n;
    this.retry();
  };

  #failed = (error: unknown): void => {
    this.buffer.commit(this.#memory!, 0);
    if (this.#takenOver !== undefined) {
      this.#takenOver.reject(error);
      this.#takenOver = undefined;
      return;
    }
    this.#filling = false;
    if (this.isOver) return;
    if (this.#owner === undefined) this.fail(error);
    else this.#owner.sourceFailed(error);
  };

  /** The bytes come from the program itself, not from the world outside. */
  get #isFedByUser(): boolean {
    return this.#source === undefined && this.#owner === undefined;
  }

  #checkFeed(): void {
    if (!this.#isFedByUser) {
      throw new Error("Cannot feed: this reader has a source of its own");
    }
  }
}
