/** @module */
import { AsyncLocalStorage } from "node:async_hooks";
import { clearTimeout, setTimeout } from "node:timers";
import type { BufferedSource } from "../buffer/buffered_source.ts";

/**
 * How long a connection may be unused after its peer has ended. A peer that has
 * only half-closed waits for an answer, which another task may be about to
 * write.
 */
const GRACE_MS = 500;

/** The timer belongs to no task. */
const outside = AsyncLocalStorage.snapshot();

/**
 * A connection whose handler has returned. Others may use it; if nothing does
 * until its peer has ended, and for a moment after, it is abandoned.
 */
export class Unattended {
  readonly #source: BufferedSource;
  readonly #abandoned: () => void;
  /** Where the reader was: it has not been read since. */
  readonly #position: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isUsed = false;

  constructor(source: BufferedSource, abandoned: () => void) {
    this.#source = source;
    this.#abandoned = abandoned;
    this.#position = source.buffer.position;
  }

  /** The connection is used, or at its end. */
  stop(): void {
    this.#isUsed = true;
    clearTimeout(this.#timer);
  }

  peerEnded(): void {
    if (this.#isUsed || this.#isRead) return;
    this.#timer = outside(setTimeout, () => {
      if (!this.#isUsed && !this.#isRead) this.#abandoned();
    }, GRACE_MS);
    this.#timer.unref();
  }

  get #isRead(): boolean {
    const { waitsFor, buffer } = this.#source;
    return waitsFor !== undefined || buffer.position !== this.#position;
  }
}
