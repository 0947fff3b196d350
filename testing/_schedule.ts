/**
 * An order of wake-ups, and the number that stands for it.
 *
 * A schedule is a sequence of choices: which of a number of wake-ups comes
 * first. Its seed holds the choices, as many as fit. The lowest bit says how
 * the schedule goes on after them: first come, first served (0), or at random
 * (1). The other bits are the choices, as digits of a number whose bases are
 * the counts, the first choice lowest, with a 1 above the last one to mark the
 * end.
 *
 * So every short sequence of choices has a seed, every number is the seed of a
 * schedule, nothing else is needed to repeat it, and 0 is first come, first
 * served throughout.
 *
 * @module
 */
import { mix, Random } from "./_random.ts";

/** One choice: `chosen` of 0 to `count` - 1. */
export interface Choice {
  readonly chosen: number;
  readonly count: number;
}

/** Makes the choices of a seed, and records them. */
export class Schedule {
  /** The choices so far. */
  readonly choices: Choice[] = [];
  #digits: number;
  /** Choices to make in place of the digits. */
  #given: readonly Choice[] = [];
  readonly #rest: Random | undefined;
  #low = 1;
  #high = 2;

  constructor(seed: number) {
    this.#digits = Math.floor(seed / 2);
    this.#rest = seed % 2 === 0 ? undefined : new Random(seed);
  }

  /** Returns a schedule that makes `choices`, and goes on in order. */
  static of(choices: readonly Choice[]): Schedule {
    const schedule = new Schedule(0);
    schedule.#given = choices;
    return schedule;
  }

  choose = (count: number): number => {
    const chosen = this.#next(count);
    this.choices.push({ chosen, count });
    this.#low = mix(this.#low ^ chosen) + count;
    this.#high = mix(this.#high + chosen) ^ count;
    return chosen;
  };

  /** Returns in words how many choices were out of order. */
  toString(): string {
    const { length } = this.choices.filter(({ chosen }) => chosen > 0);
    if (length === 0) return "with all wake-ups in order";
    return `with ${length} of ${this.choices.length} choices out of order`;
  }

  /** A hash of the choices. */
  get hash(): number {
    return (this.#high >>> 11) * 2 ** 32 + (this.#low >>> 0);
  }

  #next(count: number): number {
    const given = this.#given[this.choices.length];
    if (given !== undefined) return given.chosen % count;
    if (this.#digits <= 1) return this.#rest?.below(count) ?? 0;
    const chosen = this.#digits % count;
    this.#digits = Math.floor(this.#digits / count);
    return chosen;
  }
}

/** How a schedule goes on after the choices in its seed. */
export type Rest = "in order" | "at random";

/**
 * Returns the seed of the schedule that begins with `choices`; `undefined` if
 * they are too many for a number.
 */
export function seedOf(
  choices: readonly Choice[],
  rest: Rest,
): number | undefined {
  let end = choices.length;
  if (rest === "in order") {
    while (end > 0 && choices[end - 1]!.chosen === 0) end--;
  }
  let digits = end === 0 ? 0 : 1;
  for (let i = end - 1; i >= 0; i--) {
    const { chosen, count } = choices[i]!;
    digits = digits * count + chosen;
    if (digits >= DIGITS) return undefined;
  }
  return digits * 2 + (rest === "in order" ? 0 : 1);
}

/** The digits of a seed are below this. */
const DIGITS = 2 ** 52;

/** Returns a seed of random choices that goes on at random. */
export function randomSeed(random: Random): number {
  return (random.below(2 ** 20) * 2 ** 32 + random.below(2 ** 32)) * 2 + 1;
}
