/** @module */
import {
  checkCoroutine,
  checkOptions,
  type Coroutine,
  describe,
} from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../tasks/kernel/wait/handed_wait.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import { ChoiceTree } from "./_choice_tree.ts";
import { ChosenOrder } from "./_chosen_order.ts";
import { Random } from "./_random.ts";
import { describeFailure, type Failure, runScenario } from "./_run_scenario.ts";
import { type Choice, randomSeed, Schedule, seedOf } from "./_schedule.ts";
import { shrink } from "./_shrink.ts";

/** Options of {@linkcode explore}. */
export interface ExploreOptions {
  /** How many runs at most; 1000 unless given. */
  runs?: number | undefined;
  /**
   * The seed of the first run, from which the others follow; 0 unless given:
   * first come, first served.
   */
  seed?: number | undefined;
}

/** What {@linkcode explore} resolves to. */
export interface Exploration {
  /** How many times the scenario was run. */
  runs: number;
  /** How many different orders there were among the runs. */
  schedules: number;
}

/**
 * A scenario has failed in some order. The `cause` is what it threw, a
 * {@linkcode DeadlockError}, or an error of one of its tasks that was not
 * retrieved.
 *
 * Thrown by {@linkcode explore}.
 */
export class ExploreError extends Error {
  /** `"ExploreError"` */
  override name = "ExploreError";
  /** Repeats the failure: `explore(scenario, { seed, runs: 1 })`. */
  readonly seed: number;
  /** The run that failed first, counted from 1. */
  readonly runs: number;

  /** Made by {@linkcode explore}. */
  constructor(
    message: string,
    options: ErrorOptions & { seed: number; runs: number },
  ) {
    super(message, options);
    this.seed = options.seed;
    this.runs = options.runs;
  }
}

/**
 * Runs `scenario` again and again, each time in another order of the wake-ups
 * that the rules leave open, and rejects if it fails in any of them.
 *
 * - Every run has a loop of its own and a virtual clock. What the rules promise
 *   holds in all runs: callbacks and new tasks start in order, timers fire in
 *   the order of their times. What differs is which of the woken tasks resumes
 *   first, and which timer of the same time fires first, if they were set at
 *   different times.
 * - A run fails if the scenario throws, if one of its tasks fails and the error
 *   is not retrieved, or if it cannot go on. Then the cause is a
 *   {@linkcode DeadlockError} that names what each task waits for, and where.
 * - The first run takes the wake-ups as they come. The others take orders that
 *   were not tried before, chosen at random, until there are none left. The
 *   same seed repeats the same runs.
 * - A failure is simplified before it is reported: the seed in the error stands
 *   for an order with as few changes as some hundred runs could find. With
 *   `runs: 1`, which repeats a failure, there is that one run.
 * - If time stands still for a second, since the world outside is waited for, or
 *   a cancelled task still runs, the exception handler of the caller's loop is
 *   called.
 *
 * The scenario has to make new objects each time, and to depend on
 * nothing but the order: no real time, no `Math.random`, no sockets.
 *
 * **Cancel safety:** a cancel is delivered to the scenario. Nothing is left
 * behind.
 *
 * @throws {ExploreError} The scenario fails in some order.
 * @throws {RangeError} `runs` or `seed` is no whole number, or is out of range.
 * @throws {CancelledError} The task was cancelled.
 *
 * @example A check, an await, and an act on what was true before
 * ```ts
 * import { gather, sleep } from "@asyncio/asyncio/tasks";
 * import { explore, ExploreError } from "@asyncio/asyncio/testing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const error = await assertRejects(() =>
 *   explore(async () => {
 *     let seats = 1;
 *     async function book() {
 *       if (seats === 0) return;
 *       await sleep(0); // another task may book here
 *       seats--;
 *     }
 *     await gather([book, book]);
 *     assertEquals(seats, 0);
 *   }), ExploreError);
 * console.log(error.message); // names the seed
 * ```
 */
export function explore(
  scenario: Coroutine<void>,
  options?: ExploreOptions,
): Promise<Exploration> {
  const { runs = 1000, seed = 0 } = options ?? {};
  try {
    checkCoroutine(scenario, "explore");
    checkOptions(options, "explore");
    checkCount(runs, "Cannot explore: runs", 1);
    checkCount(seed, "Cannot explore: seed", 0);
  } catch (error) {
    return Promise.reject(error);
  }
  return checkpointIfCancelled() ??
    composite(() => exploreAll(scenario, runs, seed));
}

async function exploreAll(
  scenario: Coroutine<void>,
  runs: number,
  firstSeed: number,
): Promise<Exploration> {
  const random = new Random(firstSeed);
  const tree = new ChoiceTree();
  const schedules = new Set<number>();
  let seed = firstSeed;
  // A single run repeats a failure, which is looked at: it is not run again.
  const once = runs === 1;
  for (let run = 1; run <= runs; run++) {
    const schedule = new Schedule(seed);
    const failure = await perform(scenario, schedule, once);
    if (failure !== undefined) {
      const first = { schedule, failure, seed, run };
      throw once ? errorOf(first) : await simplified(scenario, first);
    }
    tree.add(schedule.choices);
    schedules.add(schedule.hash);
    if (tree.complete) return { runs: run, schedules: schedules.size };
    const untried = tree.untried(random);
    seed = (untried && seedOf(untried, "at random")) ?? randomSeed(random);
  }
  return { runs, schedules: schedules.size };
}

async function perform(
  scenario: Coroutine<void>,
  { choose }: Schedule,
  debug = false,
): Promise<Failure | undefined> {
  const prepare = (loop: Loop) => loop.order = new ChosenOrder(loop, choose);
  return (await runScenario(scenario, { prepare, debug }))[0];
}

/** A run of the scenario that failed. */
interface FailedRun {
  readonly schedule: Schedule;
  readonly failure: Failure;
  readonly seed: number;
  /** Counted from 1. */
  readonly run: number;
}

/**
 * Simplifies a failure, repeats it in debug mode, and returns the error to
 * throw.
 */
async function simplified(
  scenario: Coroutine<void>,
  first: FailedRun,
): Promise<ExploreError> {
  const kind = kindOf(first.failure);
  const failsAs = async (choices: readonly Choice[]) => {
    const schedule = Schedule.of(choices);
    const failure = await perform(scenario, schedule);
    const same = failure !== undefined && kindOf(failure) === kind;
    return same ? schedule.choices : undefined;
  };
  const seed = await shrink(first.schedule.choices, failsAs) ?? first.seed;
  const schedule = new Schedule(seed);
  const failure = await perform(scenario, schedule, true);
  return failure === undefined
    ? errorOf({ ...first, seed }, false)
    : errorOf({ ...first, schedule, failure, seed });
}

function errorOf(
  { schedule, failure, seed, run }: FailedRun,
  canBeRepeated = true,
): ExploreError {
  const repeat = `explore(scenario, { seed: ${seed}, runs: 1 })`;
  const message = canBeRepeated
    ? `run ${run} failed, and ${repeat} repeats it, ${schedule}`
    : `run ${run} failed, but did not fail again: the scenario depends on more than the order; its seed is ${seed}`;
  return new ExploreError(`${message}: ${describeFailure(failure)}`, {
    cause: failure.error,
    seed,
    runs: run,
  });
}

function kindOf({ error }: Failure): string {
  return error instanceof Error ? error.name : describe(error);
}

function checkCount(value: unknown, subject: string, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new RangeError(
    `${subject} is a whole number from ${least}, received ${describe(value)}`,
  );
}
