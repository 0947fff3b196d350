/** How many tokens may be taken, and when. @module */

/** A record of the tokens that were taken, and when the next are free. */
export interface Rate {
  /** How many tokens can be taken at once at most. */
  readonly most: number;
  /**
   * Returns when that many tokens will be free, if no others are taken before.
   */
  freeAt(tokens: number): number;
  /** Records that `tokens`, which are free, are taken at `now`. */
  take(tokens: number, now: number): void;
  /** Returns how many whole tokens are free at `now`. */
  free(now: number): number;
  /** Moves all recorded times by `ms`, for a clock that shows another time. */
  shift(ms: number): void;
}

/** The first size of the ring: a power of 2. */
const ROOM = 16;

/**
 * At most `limit` tokens in any window of `interval` milliseconds: a token is
 * free again exactly one interval after it was taken.
 *
 * It keeps the times at which tokens were taken, and how many each time, in a
 * ring that holds no more than those of the last interval.
 */
export class SlidingWindow implements Rate {
  readonly most: number;
  readonly #interval: number;
  #times = new Float64Array(ROOM);
  #counts = new Float64Array(ROOM);
  #first = 0;
  #length = 0;
  /** The sum of the counts. */
  #taken = 0;

  constructor(limit: number, interval: number) {
    this.most = limit;
    this.#interval = interval;
  }

  freeAt(tokens: number): number {
    let missing = this.#taken + tokens - this.most;
    if (missing <= 0) return -Infinity;
    for (let i = 0;; i++) {
      const slot = this.#slot(i);
      missing -= this.#counts[slot]!;
      if (missing <= 0) return this.#backAt(slot);
    }
  }

  take(tokens: number, now: number): void {
    while (this.#length > 0 && this.#backAt(this.#first) <= now) {
      this.#taken -= this.#counts[this.#first]!;
      this.#first = this.#slot(1);
      this.#length--;
    }
    this.#taken += tokens;
    const last = this.#slot(this.#length - 1);
    if (this.#length > 0 && this.#times[last] === now) {
      this.#counts[last]! += tokens;
      return;
    }
    if (this.#length === this.#times.length) this.#grow();
    const slot = this.#slot(this.#length++);
    this.#times[slot] = now;
    this.#counts[slot] = tokens;
  }

  free(now: number): number {
    let free = this.most - this.#taken;
    for (let i = 0; i < this.#length; i++) {
      const slot = this.#slot(i);
      if (this.#backAt(slot) <= now) free += this.#counts[slot]!;
    }
    return free;
  }

  shift(ms: number): void {
    for (let i = 0; i < this.#length; i++) this.#times[this.#slot(i)]! += ms;
  }

  #slot(i: number): number {
    return (this.#first + i) & (this.#times.length - 1);
  }

  /**
   * Returns when the tokens of a slot are free again: never early by a
   * rounding.
   */
  #backAt(slot: number): number {
    const taken = this.#times[slot]!;
    const back = taken + this.#interval;
    return back - taken < this.#interval ? back * (1 + Number.EPSILON) : back;
  }

  #grow(): void {
    const size = this.#times.length;
    const times = new Float64Array(2 * size);
    const counts = new Float64Array(2 * size);
    for (let i = 0; i < size; i++) {
      times[i] = this.#times[this.#slot(i)]!;
      counts[i] = this.#counts[this.#slot(i)]!;
    }
    this.#times = times;
    this.#counts = counts;
    this.#first = 0;
  }
}

/**
 * A bucket of `burst` tokens that is full at first, into which `limit` tokens
 * drip in each `interval`, evenly.
 *
 * It counts the tokens taken since it was last full. So each time is one
 * product, and rounding errors do not add up.
 */
export class TokenBucket implements Rate {
  readonly most: number;
  readonly #limit: number;
  readonly #interval: number;
  #fullAt = -Infinity;
  #taken = 0;

  constructor(limit: number, interval: number, burst: number) {
    this.most = burst;
    this.#limit = limit;
    this.#interval = interval;
  }

  freeAt(tokens: number): number {
    const missing = this.#taken + tokens - this.most;
    return missing <= 0 ? -Infinity : this.#after(missing);
  }

  take(tokens: number, now: number): void {
    if (this.#after(this.#taken) < now) {
      this.#fullAt = now;
      this.#taken = 0;
    }
    this.#taken += tokens;
  }

  free(now: number): number {
    const gained = (now - this.#fullAt) * this.#limit / this.#interval;
    return Math.min(Math.floor(this.most - this.#taken + gained), this.most);
  }

  shift(ms: number): void {
    this.#fullAt += ms;
  }

  /** Returns when that many tokens have dripped in since the bucket was full. */
  #after(tokens: number): number {
    return this.#fullAt + tokens * this.#interval / this.#limit;
  }
}
