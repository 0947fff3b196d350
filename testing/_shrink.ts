/** Simplifying a schedule that fails. @module */
import { type Choice, seedOf } from "./_schedule.ts";

/** How many runs it takes at most. */
const ATTEMPTS = 300;

/**
 * Looks for a schedule that fails with fewer choices out of order. It puts
 * pieces of them in order, large pieces first, while the schedule still fails
 * (delta debugging).
 *
 * @param failsAs Runs a schedule, in order after its last choice. Resolves to
 * the choices that were made if it fails, or else to `undefined`.
 * @returns The seed of the simplest schedule; `undefined` if none fits into a
 * seed.
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
  // The schedule itself, to see whether the failure can be repeated.
  if (!await attempt(simplest)) return undefined;
  for (let size = disorder(simplest); size >= 1; size = size >> 1) {
    // From the end, as the first choices matter most.
    for (let end = disorder(simplest); end > 0; end -= size) {
      if (attempts >= ATTEMPTS) return seed;
      await attempt(straighten(simplest, end - size, end));
    }
  }
  return seed;
}

/** Returns how many choices are out of order: not the first candidate. */
function disorder(choices: readonly Choice[]): number {
  return choices.filter(({ chosen }) => chosen > 0).length;
}

/**
 * Returns the choices, with those out of order from the `from`-th up to, but
 * without, the `to`-th put in order.
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
