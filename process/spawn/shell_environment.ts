/** The environment of a program that a shell starts. @module */
import { findProgram } from "./find_program.ts";
import { isGranted } from "../../tasks/kernel/permissions.ts";
import type { SpawnSettings } from "./settings.ts";

/** The path of `env` on every system: scripts begin with it. */
const ENV = "/usr/bin/env";
/** The names that a shell keeps; it may drop variables with other names. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Variables that every shell sets. */
const RESET: ReadonlySet<string> = new Set(["IFS", "LINENO", "OPTIND", "PPID"]);
/** Variables that some shells add. */
const ADDED: readonly string[] = ["PWD", "SHLVL"];
/** The prefix of the names under which such variables are passed through. */
const PASSED = "ASYNCIO_PASSED_";

/** What a shell executes to keep the environment of the settings. */
export interface EnvCommand {
  /** The command line. */
  readonly args: readonly string[];
  /** Variables for the shell. */
  readonly env: Record<string, string>;
}

/**
 * Puts `env` before the command line `args`, which begins with a path, if the shell
 * would change the environment.
 *
 * The values are passed in the environment, under names that shells keep, as every
 * user of the machine can read command lines.
 */
export function keepingEnvironment(
  args: readonly string[],
  settings: SpawnSettings,
): EnvCommand {
  const { added, changed } = changesOf(settings);
  const path = args[0]!;
  if (added.length + changed.length === 0) return { args, env: {} };
  if (path.includes("=")) return { args, env: {} }; // `env` would take it for a variable
  const program = findProgram(ENV, settings) ?? ENV;
  if (changed.length > 0 && !canSplit(program)) return { args, env: {} };
  const names = changed.map((_, at) => `${PASSED}${at}`);
  const unset = [...added, ...names].flatMap((name) => ["-u", name]);
  const set = changed.map(([name], at) =>
    `"${name.replaceAll(/["\\$]/g, "\\$&")}=\${${names[at]}}"`
  );
  return {
    args: [
      program,
      ...unset,
      ...(set.length > 0 ? ["-S", `-- ${set.join(" ")}`] : ["--"]),
      ...args,
    ],
    env: Object.fromEntries(changed.map(([, value], at) => [names[at], value])),
  };
}

/** The variables that a shell is known to change. */
function changesOf({ clearEnv, cwd, env = {} }: SpawnSettings): {
  added: string[];
  changed: [name: string, value: string][];
} {
  const inherits = !clearEnv && isGranted({ name: "env" });
  const all = new Map(
    Object.entries(inherits ? { ...Deno.env.toObject(), ...env } : env),
  );
  const isKnown = clearEnv || inherits;
  return {
    added: isKnown ? ADDED.filter((name) => !all.has(name)) : [],
    changed: [...all].filter(([name, value]) =>
      name === "PWD"
        ? cwd !== undefined || !isHere(value)
        : RESET.has(name) || !IDENTIFIER.test(name)
    ),
  };
}

function isHere(path: string): boolean {
  try {
    return path === Deno.cwd();
  } catch {
    return false; // the directory is gone
  }
}

/** Whether this `env` has the option -S, which inserts variables by name. */
function canSplit(env: string): boolean {
  if (!isGranted({ name: "read" })) return true; // as nearly everywhere
  try {
    return !/busybox|toybox/.test(Deno.realPathSync(env));
  } catch {
    return false;
  }
}
