/** The mechanism of a rate limiter. @module */
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import { realClock } from "../tasks/kernel/loop/clock.ts";
import { Deadline } from "../tasks/kernel/loop/deadline.ts";
import type { Runnable } from "../tasks/kernel/loop/runnable.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { QueuedWaiter } from "../tasks/kernel/wait/wait_queue.ts";
import { AdmissionQueue } from "./_admission_queue.ts";
import type { Rate } from "./_rates.ts";

/** Passes that follow each other within this many milliseconds are quick. */
const QUICK_MS = 0.02;

/** So many quick passes in a row are a burst. */
const BURST = 8;

/** How many passes of a burst are recorded together at most. */
const BATCH = 64;

class TokenWaiter extends QueuedWaiter<void> {
  readonly tokens: number;

  constructor(tokens: number, options?: WaitOptions) {
    super(options);
    this.tokens = tokens;
  }
}

/**
 * The tokens of a limiter, and the queue of calls that wait for some. One timer
 * is set, for the first call.
 *
 * Reading the real clock takes longer than the rest of a pass. So passes that
 * follow each other within microseconds, before the next turn of the loop, are
 * recorded together, with the time of the last one. That is later than they
 * were, so no window has too many passes; and no timer could have fired in
 * between.
 */
export class TokenQueue extends AdmissionQueue<void, TokenWaiter>
  implements Runnable {
  readonly runsUserCode = false;
  readonly #rate: Rate;
  #loop: Loop = currentScope().loop;
  #deadline: Deadline | undefined = undefined;
  /** When the clock was read last. */
  #readAt = -Infinity;
  /** How many times it was read in quick succession. */
  #quick = 0;
  /** Whether a burst is under way: the next turn ends it. */
  #isBurst = false;
  /** The passes of the burst that are not recorded yet, and their tokens. */
  #passes = 0;
  #tokens = 0;

  constructor(rate: Rate) {
    super("RateLimiter.acquire");
    this.#rate = rate;
  }

  /** How many whole tokens are free. */
  get free(): number {
    return this.#rate.free(this.#loop.clock.now()) - this.#tokens;
  }

  /** Returns the time, after recording the passes of a burst. */
  now(): number {
    if (this.#loop.closed) this.#move();
    const now = this.#loop.clock.now();
    if (this.#tokens > 0) {
      this.#rate.take(this.#tokens, now);
      this.#passes = this.#tokens = 0;
    }
    return now;
  }

  /** Takes `tokens` if they are free and no call waits. */
  tryPass(tokens: number): boolean {
    if (this.first !== undefined) return false;
    if (this.#isBurst && this.#joinsBurst(tokens)) return true;
    const now = this.now();
    if (this.#rate.freeAt(tokens) > now) return false;
    this.#rate.take(tokens, now);
    this.#noteRead(now);
    return true;
  }

  /** Waits until `tokens` may pass, after `tryPass` has returned false. */
  pass(tokens: number, options: WaitOptions | undefined): Promise<void> {
    const waiter = new TokenWaiter(tokens, options);
    // The clock of the waiting loop stands still if the limiter has another
    // one.
    waiter.isExternal = waiter.scope.loop.clock !== this.#loop.clock;
    const promise = this.add(waiter);
    if (this.first === waiter) this.admit(); // sets the timer
    return promise;
  }

  /** Ends a burst: called in a turn of the loop. */
  run(): void {
    this.#isBurst = false;
    this.#quick = 0;
    this.now();
  }

  protected override admits(first: TokenWaiter): boolean {
    const now = this.now();
    const when = this.#rate.freeAt(first.tokens);
    if (when > now) {
      this.#arm(when);
      return false;
    }
    this.#rate.take(first.tokens, now);
    first.wake();
    return true;
  }

  override remove(waiter: TokenWaiter): void {
    super.remove(waiter);
    if (this.first === undefined) this.#arm(undefined);
  }

  #joinsBurst(tokens: number): boolean {
    if (this.#passes === BATCH) return false;
    if (this.#rate.freeAt(this.#tokens + tokens) > -Infinity) return false;
    this.#passes++;
    this.#tokens += tokens;
    return true;
  }

  #noteRead(now: number): void {
    this.#quick = now - this.#readAt < QUICK_MS ? this.#quick + 1 : 0;
    this.#readAt = now;
    if (this.#quick < BURST || this.#isBurst) return;
    if (this.#loop.clock !== realClock || this.#loop.closed) return;
    this.#isBurst = true;
    this.#loop.defer(this);
  }

  /**
   * Moves to the loop of the calling code, as the run of its own loop is over.
   */
  #move(): void {
    const { loop } = currentScope();
    if (loop.closed) return;
    this.#rate.shift(loop.clock.now() - this.#loop.clock.now());
    this.#loop = loop;
    this.#readAt = -Infinity;
    this.#isBurst = false;
    this.#quick = 0;
    this.#arm(undefined);
  }

  #arm(when: number | undefined): void {
    if (this.#deadline?.when === when) return;
    this.#deadline?.stop();
    this.#deadline = when === undefined
      ? undefined
      : new Deadline(this.#loop, when, () => {
        this.#deadline = undefined;
        this.admit();
      });
  }
}
