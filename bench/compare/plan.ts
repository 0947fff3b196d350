/** How much is measured. */
export interface Plan {
  isSmoke: boolean;
  warmups: number;
  rounds: number;
  /** When a contestant has taken so many milliseconds, few rounds will do. */
  patience: number;
  fewRounds: number;
  /** Milliseconds that a round takes at the least. */
  ms: number;
  /** No work is larger, and no growth goes further. */
  maxUnits: number;
}

const thorough: Plan = {
  isSmoke: false,
  warmups: 12,
  rounds: 9,
  patience: 1500,
  fewRounds: 3,
  ms: 60,
  maxUnits: 1_000_000,
};

/** To see that everything works, in a moment. */
const smoke: Plan = {
  isSmoke: true,
  warmups: 0,
  rounds: 1,
  patience: 0,
  fewRounds: 1,
  ms: 0,
  maxUnits: 100,
};

export const plan = Deno.env.has("BENCH_SMOKE") ? smoke : thorough;

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
