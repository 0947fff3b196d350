/** How much is measured. */
export interface Plan {
  warmups: number;
  rounds: number;
  /** Of what takes long, no more rounds than this are made once `patience` is spent on it. */
  fewRounds: number;
  /** Milliseconds. */
  patience: number;
  /** Of a round, at the least. */
  ms: number;
  /** No work is larger, no growth goes on beyond. */
  maxUnits: number;
}

const thorough: Plan = {
  warmups: 4,
  rounds: 9,
  fewRounds: 3,
  patience: 1500,
  ms: 60,
  maxUnits: 1_000_000,
};

/** To see that everything works, in a moment. */
const smoke: Plan = {
  warmups: 0,
  rounds: 1,
  fewRounds: 1,
  patience: 0,
  ms: 0,
  maxUnits: 100,
};

export const SMOKE = Deno.env.get("BENCH_SMOKE") !== undefined;

export const plan = SMOKE ? smoke : thorough;

/** Whether so many rounds are enough after so many milliseconds. */
export function isEnough(rounds: number, wanted: number, ms: number): boolean {
  return rounds >=
    (ms < plan.patience ? wanted : Math.min(wanted, plan.fewRounds));
}

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
