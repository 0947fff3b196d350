/** @module */
import { InvalidStateError } from "../tasks/kernel/errors.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import { describe } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { untilGroupExists } from "./spawn/process_group.ts";
import { pathOf, type Program, shellProgram, spawn } from "./spawn/spawn.ts";
import {
  type SpawnSettings,
  spawnSettings,
  type SubprocessOptions,
} from "./options.ts";
import { isReady, type Process, processOf } from "./process.ts";

/**
 * Starts a program with arguments; no shell looks at them. Mirrors
 * `asyncio.create_subprocess_exec`.
 *
 * A name without a slash is looked up on `PATH`, a relative path starts in
 * `cwd`.
 *
 * **Cancel safety:** a cancel that comes before starts nothing. There is no
 * moment in between: a program that was started is there to be ended, by the
 * `run` that it was started in at the latest.
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
  args: string[] = [],
  options?: SubprocessOptions,
): Promise<Process> {
  return start(options, () => {
    checkProgram(program, args);
    return { program: pathOf(program), args };
  });
}

/**
 * Runs a command in the shell: `sh -c` on POSIX, `cmd /d /s /c` on Windows.
 * Whatever is put into the command has to be quoted; {@linkcode
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
  return start(options, (settings) => {
    if (typeof command !== "string") {
      throw new TypeError(`expected a command, found ${describe(command)}`);
    }
    return shellProgram(command, settings);
  });
}

function start(
  options: SubprocessOptions | undefined,
  plan: (settings: SpawnSettings) => Program,
): Promise<Process> {
  try {
    const settings = spawnSettings(options);
    const what = plan(settings);
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    if (currentScope().scheduler.closed) {
      throw new InvalidStateError(
        "no program can start here: the run that this code belongs to has ended",
      );
    }
    const { child, groupPending } = spawn(what, settings);
    const process = processOf(child, settings);
    if (!groupPending) return ready(process);
    return untilGroupExists(() => isReady(process), process);
  } catch (error) {
    return Promise.reject(error);
  }
}

function checkProgram(program: string | URL, args: string[]): void {
  if (typeof program !== "string" && !(program instanceof URL)) {
    throw new TypeError(`expected a program, found ${describe(program)}`);
  }
  if (!Array.isArray(args)) {
    throw new TypeError(
      `the arguments are a list of strings, found ${describe(args)}`,
    );
  }
  for (const arg of args) {
    if (typeof arg === "string") continue;
    throw new TypeError(`an argument is a string, found ${describe(arg)}`);
  }
}
