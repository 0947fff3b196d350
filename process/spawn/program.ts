/** Programs with their arguments. @module */
import { fileURLToPath } from "node:url";
import type { SpawnSettings } from "./settings.ts";

/** A program and its arguments. */
export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  /** The path of the program, if it was looked up. */
  readonly path?: string | undefined;
  /** Variables that are added to those of the settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the runtime makes the group. */
  readonly detached?: boolean;
  /** Whether arguments are not quoted: for the shell on Windows. */
  readonly rawArgs?: boolean;
}

/** The shell of the system, with `command` as its argument. */
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
 * The shell on `PATH`; if the program gets another `PATH`, the one at the path that
 * every system has.
 */
export function shellFor({ env }: SpawnSettings): string {
  return env?.["PATH"] === undefined ? "sh" : "/bin/sh";
}

/** The path of a program. */
export function pathOf(program: string | URL): string {
  return program instanceof URL ? fileURLToPath(program) : program;
}
