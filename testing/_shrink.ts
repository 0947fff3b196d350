/** Making a schedule that fails simpler. @module */
import { type Choice, seedOf } from "./_schedule.ts";

/** So many runs may be spent on it. */
const ATTEMPTS = 300;

/**
 * Looks for a schedule that fails with less disorder: takes back more and more
 * of the choices that are not the first in line, large pieces first, as long as
 * it fails (delta debugging).
 *
 * @param failsAs Runs a schedule, in order where it has no more choices, and
 * gives what was chosen, where it failed.
 * @returns The seed of the simplest; `undefined` where none fits into a seed.
 */
export async function shrink(
  failing: readonly Choice[],
  failsAs: (choices: readonly Choice[]) => Promise<Choice[] | undefined>,
): Promise<number | undefined> {
  let simplest = failing;
  let seed: number | undefined;
  let attempts = 0;
  const attempt = async (choices: readonly Choice[]): Promise<boolean> => {
    attempts++;
    const made = await failsAs(choices);
    if (made === undefined || disorder(made) > disorder(simplest)) return false;
    simplest = made;
    seed = seedOf(made, "in order") ?? seed;
    return true;
  };
  // As it is, to see whether it can be repeated at all.
  if (!await attempt(simplest)) return undefined;
  for (let size = disorder(simplest); size >= 1; size = size >> 1) {
    // From the end: what came first is mostly what matters.
    for (let end = disorder(simplest); end > 0; end -= size) {
      if (attempts >= ATTEMPTS) return seed;
      await attempt(straighten(simplest, end - size, end));
    }
  }
  return seed;
}

/** How many choices are not the first in line. */
function disorder(choices: readonly Choice[]): number {
  return choices.filter(({ chosen }) => chosen > 0).length;
}

/**
 * The same, but for the choices out of order from the `from`-th to the one
 * before the `to`-th.
 */
function straighten(
  choices: readonly Choice[],
  from: number,
  to: number,
): Choice[] {
  let index = 0;
  return choices.map((choice) => {
    if (choice.chosen === 0) return choice;
    const inside = index >= from && index < to;
    index++;
    return inside ? { ...choice, chosen: 0 } : choice;
  });
}
