/** @module */
import { setTimeout } from "node:timers";
import type { CancelledError } from "../tasks/kernel/errors.ts";
import { describe } from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { ExternalWaiter } from "../tasks/kernel/wait/waiter.ts";
import { programOf, startProcess } from "./_start.ts";
import type { SubprocessOptions } from "./options.ts";
import { OutputTargets } from "./pipes/output_targets.ts";
import { isReady, type Process } from "./process.ts";
import { watchdogLaunch } from "./signals/watchdog.ts";
import { type Program, shellProgram } from "./spawn/program.ts";
import { type SpawnSettings, spawnSettings } from "./spawn/settings.ts";

/**
 * Starts a program with arguments; no shell looks at them. Mirrors
 * `asyncio.create_subprocess_exec`.
 *
 * A name without a slash is looked up on `PATH`, a relative path starts in
 * `cwd`.
 *
 * **Cancel safety:** a cancel that comes before starts nothing. Once the
 * program has started, the promise resolves, so the program is never lost; the
 * `run` that it was started in ends it at the latest.
 *
 * @throws {Deno.errors.NotFound} There is no such program or directory; the
 * message names it.
 * @throws {Deno.errors.PermissionDenied} It is no executable file.
 * @throws {TypeError} The arguments are no list of strings, or an option is
 * none of those allowed.
 *
 * @example Live lines
 * ```ts
 * import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * await using seq = await createSubprocessExec("seq", ["3"], { stdout: PIPE });
 * const lines: string[] = [];
 * for await (const line of seq.stdout!.lines()) lines.push(line);
 * assertEquals(lines, ["1", "2", "3"]);
 * ```
 */
export function createSubprocessExec(
  program: string | URL,
  args?: string[],
  options?: SubprocessOptions,
): Promise<Process> {
  try {
    return handOut(programOf(program, args), spawnSettings(options));
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Runs a command in the shell: `sh -c` on POSIX, `cmd /d /s /c` on Windows.
 * A value that is put into the command has to be quoted; {@linkcode
 * createSubprocessExec} needs no quotes. Mirrors
 * `asyncio.create_subprocess_shell`.
 *
 * **Cancel safety:** as {@linkcode createSubprocessExec}.
 *
 * @throws {Deno.errors.NotFound} There is no such directory, or no shell.
 * @throws {TypeError} The command is no string, or an option is none of those
 * allowed.
 *
 * @example
 * ```ts
 * import { createSubprocessShell, PIPE } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * const shell = await createSubprocessShell("echo one && echo two", {
 *   stdout: PIPE,
 * });
 * const { stdout } = await shell.communicate();
 * assertEquals(new TextDecoder().decode(stdout), "one\ntwo\n");
 * ```
 */
export function createSubprocessShell(
  command: string,
  options?: SubprocessOptions,
): Promise<Process> {
  try {
    if (typeof command !== "string") {
      throw new TypeError(
        `Cannot start a program: expected a command, received ${
          describe(command)
        }`,
      );
    }
    const settings = spawnSettings(options);
    return handOut(shellProgram(command, settings), settings);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Starts a program, and resolves when signals reach its group, and the watchdog
 * is there to end it with this program.
 */
function handOut(
  program: Program,
  settings: SpawnSettings,
): Promise<Process> {
  const rejection = checkpointIfCancelled();
  if (rejection !== undefined) return rejection;
  using targets = new OutputTargets();
  try {
    const process = startProcess(program, settings, targets);
    return new ConditionWait(() => isReady(process), process).promise;
  } catch (error) {
    return rejectAfterLaunch(error);
  }
}

/** Rejects when the watchdog has been launched: its child is reaped by then. */
async function rejectAfterLaunch(error: unknown): Promise<never> {
  await watchdogLaunch();
  throw error;
}

/** Milliseconds between two looks. */
const POLL_INTERVAL_MS = 1;

/**
 * Waits for a condition. No cancel ends it: what was started has to be handed
 * out. It waits also if the condition holds, for a microtask: so a scenario
 * that is cancelled at each of its waits has the same ones in every run.
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
