/** Starts programs for `createSubprocessExec` and `createSubprocessShell`. @module */
import { setTimeout } from "node:timers";
import type { CancelledError } from "../tasks/kernel/errors.ts";
import { describe } from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { ExternalWaiter } from "../tasks/kernel/wait/waiter.ts";
import { programOf, startChild } from "./_start_child.ts";
import type { SubprocessOptions } from "./options.ts";
import { OutputTargets } from "./pipes/output_targets.ts";
import type { Process } from "./process.ts";
import { watchdogLaunch } from "./signals/watchdog.ts";
import { type Program, shellProgram } from "./spawn/program.ts";
import {
  type SpawnSettings,
  spawnSettings,
  type StdioOptions,
} from "./spawn/settings.ts";

/**
 * Starts a program with arguments.
 *
 * @param stdio Its standard streams, if they are not those of the options.
 */
export function createExec(
  program: string | URL,
  args?: string[],
  options?: SubprocessOptions,
  stdio?: StdioOptions,
): Promise<Process> {
  try {
    return start(programOf(program, args), spawnSettings(options, stdio));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Runs a command in the shell; the arguments are as above. */
export function createShell(
  command: string,
  options?: SubprocessOptions,
  stdio?: StdioOptions,
): Promise<Process> {
  try {
    if (typeof command !== "string") {
      throw new TypeError(
        `Cannot start a program: expected a command, received ${
          describe(command)
        }`,
      );
    }
    const settings = spawnSettings(options, stdio);
    return start(shellProgram(command, settings), settings);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Starts a program. Resolves when it leads its group, and the watchdog can end it
 * with this program.
 */
function start(
  program: Program,
  settings: SpawnSettings,
): Promise<Process> {
  const rejection = checkpointIfCancelled();
  if (rejection !== undefined) return rejection;
  using targets = new OutputTargets();
  try {
    const child = startChild(program, settings, targets);
    return new ConditionWait(() => child.isReady, child.process).promise;
  } catch (error) {
    return rejectAfterLaunch(error);
  }
}

/** Rejects after the launch of the watchdog, whose own child is reaped then. */
async function rejectAfterLaunch(error: unknown): Promise<never> {
  await watchdogLaunch();
  throw error;
}

/** Milliseconds between two looks. */
const POLL_INTERVAL_MS = 1;

/**
 * Waits for a condition. No cancel ends the wait: the caller has to get what was
 * started. If the condition holds at once, it waits for a microtask, so that the
 * number of waits is the same in every run: `cancelEverywhere` counts them.
 */
class ConditionWait<T> extends ExternalWaiter<T> {
  readonly what = "createSubprocess";

  constructor(condition: () => boolean, result: T) {
    super();
    const look = () => {
      if (condition()) this.wake(result);
      else setTimeout(look, POLL_INTERVAL_MS);
    };
    queueMicrotask(look);
  }

  override cancel(_error: CancelledError): boolean {
    return false;
  }
}
