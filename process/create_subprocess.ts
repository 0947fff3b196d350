/** @module */
import { describe } from "../tasks/kernel/types.ts";
import { LazyModule } from "../tasks/kernel/wait/lazy_module.ts";
import { copyOf } from "./_copy_of.ts";
import type { SubprocessOptions } from "./options.ts";
import type { Process } from "./process.ts";

const starts = new LazyModule(() => import("./start_subprocess.ts"));

/**
 * Starts a program with arguments, without a shell. Mirrors
 * `asyncio.create_subprocess_exec`.
 *
 * A name without a slash is looked up on `PATH`; a relative path is relative to
 * `cwd`.
 *
 * **Cancel safety:** if a cancel is pending, nothing is started. Once the program
 * has started, the promise resolves, so the program is never lost. It ends with the
 * `run` in which it was started, at the latest.
 *
 * @throws {Deno.errors.NotFound} There is no such program or directory; the
 * message names it.
 * @throws {Deno.errors.PermissionDenied} The file is not executable.
 * @throws {TypeError} The arguments are no list of strings, or an option is not
 * valid.
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
  const given = copyOf({ args, options });
  return starts.use(
    ({ createExec }) => createExec(program, given.args, given.options),
    { failure: `Cannot start ${describe(program)}` },
  );
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
 * @throws {TypeError} The command is no string, or an option is not valid.
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
  const given = copyOf({ options });
  return starts.use(
    ({ createShell }) => createShell(command, given.options),
    { failure: `Cannot start ${describe(command)}` },
  );
}
