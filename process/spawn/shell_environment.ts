/** The environment of a program that a shell starts. @module */
import { isGranted, type SpawnSettings } from "../options.ts";

/** What a shell has variables for; others it may drop. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What it sets anew, whatever it finds. */
const RESET: ReadonlySet<string> = new Set(["IFS", "LINENO", "OPTIND", "PPID"]);
/** What it adds. */
const ADDED: readonly string[] = ["PWD", "SHLVL"];

/**
 * What `env` is to be told, so that a program gets the environment in
 * `settings`, and not what a shell makes of it; nothing where it is the same,
 * as it mostly is.
 *
 * As little as possible: the arguments of a program are there for all to see.
 */
export function environmentChanges(settings: SpawnSettings): string[] {
  const { clearEnv, cwd, env = {} } = settings;
  const inherits = !clearEnv && isGranted({ name: "env" });
  const all = new Map(
    Object.entries(inherits ? { ...Deno.env.toObject(), ...env } : env),
  );
  const known = clearEnv || inherits;
  const added = known ? ADDED.filter((name) => !all.has(name)) : [];
  const changed = [...all].filter(([name, value]) =>
    name === "PWD"
      ? cwd !== undefined || !isHere(value)
      : RESET.has(name) || !IDENTIFIER.test(name)
  );
  if (added.length + changed.length === 0) return [];
  return [
    ...added.flatMap((name) => ["-u", name]),
    "--",
    ...changed.map(([name, value]) => `${name}=${value}`),
  ];
}

function isHere(path: string): boolean {
  try {
    return path === Deno.cwd();
  } catch {
    return false; // the directory is gone
  }
}
