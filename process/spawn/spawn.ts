/**
 * Starts a program. There may be two wrappers, each of which executes the next
 * program: `setsid`, which makes the group, and a shell that redirects the streams.
 *
 * @module
 */
import { describe } from "../../tasks/kernel/types.ts";
import { DEVNULL, PIPE, STDOUT } from "../stdio.ts";
import { findProgram } from "./find_program.ts";
import { inGroup } from "./process_group.ts";
import type { Program } from "./program.ts";
import type { SpawnSettings } from "./settings.ts";
import { redirected } from "./shell_redirection.ts";

/**
 * @throws {Deno.errors.NotFound} There is no such program or directory.
 * @throws {Deno.errors.PermissionDenied} The file is not executable.
 */
export function spawn(
  program: Program,
  settings: SpawnSettings,
): Deno.ChildProcess {
  const { stdin, stdout, stderr, cwd, clearEnv } = settings;
  try {
    const wrapped = inGroup(redirected(program, settings), settings);
    return new Deno.Command(wrapped.program, {
      args: [...wrapped.args],
      stdin: typeof stdin === "string" ? stdin : PIPE,
      stdout: stdout.stdio,
      stderr: stderr === STDOUT ? DEVNULL : stderr.stdio,
      clearEnv,
      env: { ...settings.env, ...wrapped.env },
      detached: wrapped.detached ?? false,
      windowsRawArguments: wrapped.rawArgs ?? false,
      ...(cwd !== undefined && { cwd }),
    }).spawn();
  } catch (error) {
    // The runtime reports `NotFound` for a file on PATH that is not executable.
    if (error instanceof Deno.errors.NotFound && Deno.build.os !== "windows") {
      findProgram(program.program, settings);
    }
    throw explained(error, program.program);
  }
}

/** An error of the same class with the name of the program, not of a wrapper. */
function explained(error: unknown, program: string): unknown {
  if (!(error instanceof Error)) return error;
  const start = `Cannot start ${describe(program)}: `;
  if (error.message.startsWith(start)) return error;
  const reason = error.message.replace(/^Failed to spawn '[^']*': /, "");
  const kind = error.constructor as new (
    message: string,
    options: ErrorOptions,
  ) => Error;
  const named = new kind(start + reason, { cause: error });
  const { code } = error as { code?: unknown };
  return code === undefined ? named : Object.assign(named, { code });
}
