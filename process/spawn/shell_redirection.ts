/**
 * Redirections that the runtime cannot make: messages into the pipe of the output
 * (with two pipes, the order would be lost), and files for a program that outlives
 * this one. A shell makes them, and then becomes the program.
 *
 * @module
 */
import { STDOUT } from "../stdio.ts";
import { findProgram } from "./find_program.ts";
import { type Program, shellFor } from "./program.ts";
import type { SpawnSettings } from "./settings.ts";
import { keepingEnvironment } from "./shell_environment.ts";

/** Lets a shell start `program`, if the settings ask for redirections. */
export function redirected(
  program: Program,
  settings: SpawnSettings,
): Program {
  const { operators, files } = redirectionsOf(settings);
  if (operators.length === 0) return program;
  if (Deno.build.os === "windows") {
    throw new Deno.errors.NotSupported(
      "Cannot start a program: stderr: STDOUT takes a POSIX shell, and there is none on Windows",
    );
  }
  // A shell reports a missing program as exit code 127: look it up before.
  const path = findProgram(program.program, settings) ?? program.program;
  const command = keepingEnvironment([path, ...program.args], settings);
  const script = `exec ${
    operators.join(" ")
  }; shift ${files.length}; exec "$@"`;
  return {
    program: shellFor(settings),
    args: ["-c", script, "sh", ...files, ...command.args],
    env: command.env,
  };
}

/** The operators for the shell, and the files that are `$1`, `$2`, ... in them. */
function redirectionsOf(
  { stdinFile, stdout, stderr }: SpawnSettings,
): { operators: string[]; files: string[] } {
  const operators: string[] = [];
  const files: string[] = [];
  const redirect = (operator: string, file: string | undefined) => {
    if (file !== undefined) operators.push(`${operator}"$${files.push(file)}"`);
  };
  redirect("<", stdinFile);
  // A file that is not appended to has been emptied already.
  redirect(">>", stdout.ownFile?.file);
  if (stderr === STDOUT) operators.push("2>&1");
  else redirect("2>>", stderr.ownFile?.file);
  return { operators, files };
}
