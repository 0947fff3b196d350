/** Random numbers that a seed repeats. @module */

/**
 * A generator of whole numbers below a bound. The same seed returns the same
 * numbers. (Two rounds of mixing a 32-bit counter.)
 */
export class Random {
  #state: number;

  /** @param seed Up to 53 bits of it count. */
  constructor(seed: number) {
    this.#state = mix(mix(seed >>> 0) ^ Math.floor(seed / 2 ** 32));
  }

  /** Returns a number from 0 to `count` - 1. */
  below(count: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return Math.floor(mix(this.#state) / 2 ** 32 * count);
  }
}

/** Spreads every bit of a 32-bit number over all the others. */
export function mix(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
