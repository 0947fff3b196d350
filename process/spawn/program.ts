/** The command line of a start. @module */
import { fileURLToPath } from "node:url";
import type { SpawnSettings } from "./settings.ts";

/** A program and its arguments. */
export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  /** Where the program is, if it was looked up and found. */
  readonly path?: string | undefined;
  /** Variables that it gets on top of those of the settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the runtime makes it the leader of a group. */
  readonly detached?: boolean;
  /** For the shell on Windows, which has rules of its own for quotes. */
  readonly rawArgs?: boolean;
}

/** Runs `command` in the shell of the system. */
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

/**
 * The shell on `PATH`; if the program gets another `PATH`, the one that every
 * system has.
 */
export function shellFor({ env }: SpawnSettings): string {
  return env?.["PATH"] === undefined ? "sh" : "/bin/sh";
}

/** A program as a path. */
export function pathOf(program: string | URL): string {
  return program instanceof URL ? fileURLToPath(program) : program;
}
