/** Starting a program. @module */
import { fileURLToPath } from "node:url";
import { describe } from "../../tasks/kernel/types.ts";
import { findProgram } from "./find_program.ts";
import { asGroupLeader } from "./process_group.ts";
import type { SpawnSettings } from "../options.ts";
import { environmentChanges } from "./shell_environment.ts";
import { DEVNULL, STDOUT } from "../stdio.ts";

/** Where every system has it: scripts begin with this path. */
const ENV = "/usr/bin/env";

/** What is to be started. */
export interface Program {
  program: string;
  args: readonly string[];
  /** Of the shell on Windows, which has rules of its own for quotes. */
  rawArgs?: boolean;
}

/** What was started. */
export interface Spawned {
  child: Deno.ChildProcess;
  /** Whether it leads its group, if it should, only in a moment. */
  groupPending: boolean;
}

/** Starts it, or throws an error that names what is missing. */
export function spawn(what: Program, settings: SpawnSettings): Spawned {
  const { stdin, stdout, stderr, cwd, env, clearEnv, group } = settings;
  const plain = stderr === STDOUT ? merged(what, settings) : what;
  const { program, args, detached } = group
    ? asGroupLeader(plain.program, plain.args, settings)
    : { ...plain, detached: false };
  const command = new Deno.Command(program, {
    args: [...args],
    stdin,
    stdout,
    stderr: stderr === STDOUT ? DEVNULL : stderr,
    clearEnv,
    detached,
    windowsRawArguments: plain.rawArgs ?? false,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
  });
  try {
    return { child: command.spawn(), groupPending: group && !detached };
  } catch (error) {
    // Of what is on PATH and cannot be run, the runtime says that it is not there.
    if (error instanceof Deno.errors.NotFound && Deno.build.os !== "windows") {
      findProgram(what.program, settings);
    }
    throw explained(error, what.program);
  }
}

/**
 * The same, with its messages in its output: a shell gives it one pipe for
 * both, and then becomes it. Two pipes could not tell what was written first.
 */
function merged({ program, args }: Program, settings: SpawnSettings): Program {
  if (Deno.build.os === "windows") {
    throw new Deno.errors.NotSupported(
      "stderr: STDOUT takes a POSIX shell, there is none on Windows: use a pipe of its own",
    );
  }
  // For the shell, a missing program is an exit code.
  const path = findProgram(program, settings) ?? program;
  const script = 'exec "$0" "$@" 2>&1';
  return {
    program: shellFor(settings),
    args: ["-c", script, ...inItsEnvironment(path, settings), ...args],
  };
}

/** How a shell starts a program so that it gets the environment that it should. */
function inItsEnvironment(path: string, settings: SpawnSettings): string[] {
  if (path.includes("=")) return [path]; // `env` would take it for a variable
  const changes = environmentChanges(settings);
  if (changes.length === 0) return [path];
  return [findProgram(ENV, settings) ?? ENV, ...changes, path];
}

/**
 * The shell on `PATH`; where the program gets another `PATH`, the one that
 * every system has.
 */
function shellFor({ env }: SpawnSettings): string {
  return env?.["PATH"] === undefined ? "sh" : "/bin/sh";
}

/** How to run `command` in the shell of the system. */
export function shellProgram(
  command: string,
  settings: SpawnSettings,
): Program {
  if (Deno.build.os !== "windows") {
    return { program: shellFor(settings), args: ["-c", command] };
  }
  return {
    program: "cmd",
    args: ["/d", "/s", "/c", `"${command}"`],
    rawArgs: true,
  };
}

export function pathOf(program: string | URL): string {
  return program instanceof URL ? fileURLToPath(program) : program;
}

/** The same error, naming the program. */
function explained(error: unknown, program: string): unknown {
  for (const type of [Deno.errors.NotFound, Deno.errors.PermissionDenied]) {
    if (!(error instanceof type)) continue;
    const message = `cannot start ${describe(program)}: ${error.message}`;
    return new type(message, { cause: error });
  }
  return error;
}
