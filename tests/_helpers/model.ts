/**
 * Random programs against a plain model: each step does the same to the real
 * thing and to the model, and now and then everything that can happen has
 * happened, and both must say the same of every wait.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { sleep, type WaitOptions } from "@asyncio/asyncio/tasks";
import { Attempt } from "./attempt.ts";
import type { Random } from "./random.ts";

/** A wait of the program, and what the model says of it. */
export class Wait {
  readonly attempt: Attempt;
  expected = "pending";
  /** What comes of it, where the model knows. */
  value: unknown = undefined;

  constructor(wait: (options: WaitOptions) => PromiseLike<unknown>) {
    this.attempt = new Attempt(wait);
  }

  /** The model: it ends with `value`. */
  succeed(value?: unknown): void {
    this.expected = "value";
    this.value = value;
  }
}

/** The waits that are under way, in both worlds. */
export class Waits {
  #unchecked: Wait[] = [];
  /** How many ended in which way, to see that the program was not idle. */
  readonly outcomes: Record<string, number> = {};

  get pending(): number {
    return this.#unchecked.length;
  }

  begin(wait: (options: WaitOptions) => PromiseLike<unknown>): Wait {
    const it = new Wait(wait);
    this.#unchecked.push(it);
    return it;
  }

  /** Lets everything happen, and compares. */
  async check(compareValues = true): Promise<void> {
    await sleep(0);
    await sleep(0);
    for (const { attempt, expected, value } of this.#unchecked) {
      assertEquals(attempt.outcome, expected);
      if (expected === "value" && compareValues) {
        assertEquals(attempt.value, value);
      }
      if (expected !== "pending") {
        this.outcomes[expected] = (this.outcomes[expected] ?? 0) + 1;
      }
    }
    this.#unchecked = this.#unchecked.filter((it) => it.expected === "pending");
  }
}

/**
 * Gives up a random one of `lines`, in both worlds; the model takes it out and
 * returns it.
 */
export function giveUpOne(
  random: Random,
  ...lines: Wait[][]
): Wait | undefined {
  const line = random.pick(lines.filter((it) => it.length > 0));
  if (line === undefined) return undefined;
  const [wait] = line.splice(random.below(line.length), 1) as [Wait];
  if (random.below(2) === 0) {
    wait.attempt.cancel();
    wait.expected = "cancelled";
  } else {
    wait.attempt.abort();
    wait.expected = "Aborted";
  }
  return wait;
}
