/**
 * One run of a scenario on a virtual clock.
 *
 * @module
 */
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import type { Alarm, Clock, ClockedLoop } from "../tasks/kernel/loop/clock.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import { type Coroutine, describe } from "../tasks/kernel/types.ts";
import { run } from "../tasks/run/runner.ts";
import { Timeline } from "./_timeline.ts";

/** How to run a scenario. */
export interface ScenarioOptions {
  /** Called with every loop, before it does anything. */
  prepare: (loop: Loop) => void;
  debug?: boolean;
}

/** A failure of a scenario. */
export interface Failure {
  readonly error: unknown;
}

/** Returns a failure in words. */
export function describeFailure({ error }: Failure): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : describe(error);
}

/** A virtual clock that notes failures. */
class ScenarioClock implements Clock {
  /** The first deadlock, even if the scenario went on after it. */
  deadlock: Failure | undefined;
  /** The first error that was not retrieved. */
  unretrieved: Failure | undefined;
  readonly #prepare: (loop: Loop) => void;
  /** Whether the scenario ran before, without debug mode: it is silent now. */
  readonly #debug: boolean;
  /** The loop of the code that runs the scenario: it takes the reports. */
  readonly #caller = currentScope().loop;
  readonly #timeline = new Timeline({
    start: 0,
    autoJump: true,
    deadlockGrace: 0,
    outsideGrace: Infinity,
    onDeadlock: (error) => this.deadlock ??= { error },
    onStandstill: (_, message) =>
      this.#caller.report({
        message:
          `${message}. In a scenario no sleep or timeout ends before that does`,
      }),
  });

  constructor({ prepare, debug = false }: ScenarioOptions) {
    this.#prepare = prepare;
    this.#debug = debug;
  }

  now(): number {
    return this.#timeline.now();
  }

  connect(clocked: ClockedLoop): Alarm {
    const loop = clocked as Loop;
    loop.report = (report) => {
      if ("error" in report) this.unretrieved ??= { error: report.error };
      else if (!this.#debug) this.#caller.report(report);
    };
    this.#prepare(loop);
    return this.#timeline.connect(loop);
  }
}

/**
 * Runs `scenario` on a virtual clock. Resolves to its failures, in this order:
 * a deadlock, the error that it threw, and an error of one of its tasks that
 * was not retrieved.
 *
 * @throws {CancelledError} The caller was cancelled.
 */
export async function runScenario(
  scenario: Coroutine<unknown>,
  options: ScenarioOptions,
): Promise<Failure[]> {
  const { debug = false } = options;
  const clock = new ScenarioClock(options);
  const cancels = cancelsHere();
  let thrown: Failure | undefined;
  try {
    await run(scenario, { clock, debug, handleInterrupt: false });
  } catch (error) {
    if (cancelsHere() > cancels) throw error;
    thrown = { error };
  }
  return [clock.deadlock, thrown, clock.unretrieved]
    .filter((failure) => failure !== undefined);
}

/** Returns how many cancels of the calling code are in force. */
function cancelsHere(): number {
  const scope = currentScope();
  return scope.cancels + scope.outerCancels;
}
