/**
 * What a reader stands on: the buffer, where its bytes come from, and the one
 * wait for them.
 *
 * It reads on demand: the source is asked only while somebody waits, and by one
 * call at a time. A wait that is given up leaves that call under way, and what
 * it brings stays in the buffer for the next one. So nothing is lost, memory is
 * bounded by what is asked for, and where nobody waits nobody reads: the
 * connection can be taken over.
 *
 * @module
 */
import { ByteBuffer } from "./_byte_buffer.ts";
import type { ByteSource } from "./_byte_ends.ts";
import { KEPT } from "./_memory.ts";
import type { WaitOptions } from "../tasks/types.ts";
import {
  ExternalWaiter,
  failed,
  passed,
  type Place,
  refused,
  Waiter,
} from "../tasks/waiter.ts";

/**
 * How much the source is asked for at a time: little at first, so that
 * thousands of idle connections cost little.
 */
const LEAST = 1024;
const MOST = 262144;

/** Takes what is waited for; `undefined` while it is not complete. */
export type Attempt<T> = () => T | undefined;

/** Where a read waits. */
class IntakePlace implements Place {
  operation = "";
  readonly #source: ByteSource | undefined;
  readonly leave: () => void;

  constructor(source: ByteSource | undefined, leave: () => void) {
    this.#source = source;
    this.leave = leave;
  }

  get what(): string {
    const name = this.#source?.name;
    return name === undefined ? this.operation : `${this.operation} ${name}`;
  }
}

export class Intake {
  readonly buffer = new ByteBuffer();
  readonly #source: ByteSource | undefined;
  #eof = false;
  #failure: { error: unknown } | undefined;
  #readSize = LEAST;
  #filling = false;
  /** What the source is filling, or has filled last. */
  #memory: Uint8Array | undefined;
  /** One for all waits, as there is one at a time. */
  readonly #place: IntakePlace;
  #waiter: Waiter<unknown> | undefined;
  #attempt: Attempt<unknown> | undefined;

  /** @param source Left out, the bytes are fed by hand. */
  constructor(source?: ByteSource) {
    this.#source = source;
    this.#place = new IntakePlace(source, () => {
      this.#waiter = this.#attempt = undefined;
    });
  }

  /** Whether no more bytes come. */
  get eof(): boolean {
    return this.#eof;
  }

  get error(): unknown {
    return this.#failure?.error;
  }

  /** What is waited for. */
  get waitsFor(): string | undefined {
    return this.#waiter?.what;
  }

  /** Whether the source is idle and nothing is unread. */
  get untouched(): boolean {
    return !this.#filling && this.buffer.size === 0;
  }

  /**
   * Makes the attempt, at once and whenever bytes come, until it gives
   * something or throws.
   */
  read<T>(
    what: string,
    attempt: Attempt<T>,
    options?: WaitOptions,
  ): Promise<T> {
    const refusal = refused(options);
    if (refusal !== undefined) return refusal;
    if (this.#waiter !== undefined) {
      return failed(
        new Error(
          `${what}: a reader serves one read at a time, and ${this.#waiter.what} is still waiting`,
        ),
      );
    }
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      const value = attempt();
      if (value !== undefined) return passed(value);
    } catch (error) {
      return failed(error);
    }
    const place = this.#place;
    place.operation = what;
    // What is fed by hand comes from the program itself, everything else from
    // the world outside.
    const waiter = this.#source === undefined
      ? new Waiter<T>(place, options)
      : new ExternalWaiter<T>(place, options);
    this.#waiter = waiter as Waiter<unknown>;
    this.#attempt = attempt;
    this.#fill();
    return waiter.promise;
  }

  /** Asks the source for bytes though nobody waits for them. */
  readAhead(): void {
    this.#fill();
  }

  /** Asks the source for nothing until {@linkcode release}. */
  hold(): void {
    this.#filling = true;
  }

  release(): void {
    this.#filling = false;
    if (this.#waiter !== undefined) this.#fill();
  }

  /** Ends the wait for `attempt`, if it is under way, with `value`. */
  giveUp<T>(attempt: Attempt<T>, value: T): void {
    if (this.#attempt === attempt) this.#waiter!.wake(value);
  }

  /** Says to the source that nobody reads it any more, if it wants to know. */
  cancel(reason: unknown): Promise<void> | undefined {
    return this.#source?.cancel?.(reason);
  }

  feed(data: Uint8Array): void {
    this.#checkFeed();
    if (this.#eof) throw new Error("the end was fed: nothing can follow it");
    this.buffer.append(data);
    this.#serve();
  }

  feedEof(): void {
    this.#checkFeed();
    this.end();
  }

  /** Says that no more bytes come. */
  end(): void {
    this.#eof = true;
    this.#serve();
  }

  /** Fails the wait that is under way, and all to come. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#waiter?.fail(error);
  }

  #serve(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    let value: unknown;
    try {
      value = this.#attempt!();
    } catch (error) {
      waiter.fail(error);
      return;
    }
    if (value !== undefined) waiter.wake(value);
  }

  #fill(): void {
    if (this.#filling || this.#source === undefined) return;
    this.#filling = true;
    this.#memory = this.buffer.reserve(this.#readSize);
    this.#source.read(this.#memory).then(this.#filled, this.#failed);
  }

  #filled = (n: number | null): void => {
    const memory = this.#memory!;
    this.#filling = false;
    if (this.#eof) return this.buffer.commit(memory, 0); // it comes too late
    this.buffer.commit(memory, n ?? 0);
    if (n === null) {
      this.#source!.ended?.();
      return this.end();
    }
    this.#adapt(n, memory.length);
    this.#serve();
    if (this.#waiter !== undefined) this.#fill();
  };

  #failed = (error: unknown): void => {
    this.#filling = false;
    this.buffer.commit(this.#memory!, 0);
    if (this.#source!.failed?.(error) ?? true) this.fail(error);
    else this.end();
  };

  /**
   * Asks for more next time where the source had more, and for less where it
   * had little. More than an idle buffer may keep is for a steady stream alone:
   * the next read may wait for long.
   */
  #adapt(n: number, asked: number): void {
    if (n === asked) this.#readSize = Math.min(2 * this.#readSize, MOST);
    else if (this.#readSize > KEPT) this.#readSize = KEPT;
    else if (8 * n < asked) {
      this.#readSize = Math.max(this.#readSize / 2, LEAST);
    }
  }

  #checkFeed(): void {
    if (this.#source !== undefined) {
      throw new Error("this reader has a source of its own and cannot be fed");
    }
  }
}
