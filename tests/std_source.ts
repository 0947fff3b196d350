/**
 * Prints the flags with which `deno test`, `deno check` and `deno bench` find
 * `@std/*` on this machine: none where JSR can be reached, and else an import
 * map that leads to the same code on npm.
 *
 * ```sh
 * deno test -A $(deno run -A tests/std_source.ts)
 * ```
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

/** Relative to the folder of deno.json: a path with a space in it would be split. */
const FALLBACK = "--no-lock --import-map=tests/std/import_map.json";

/** A network that swallows packets gives no answer at all: do not wait for it. */
const PATIENCE = 10_000;

/** True when all packages of JSR that deno.json names are in the cache or could be loaded now. */
async function jsrHasAnswered(): Promise<boolean> {
  const packages = Object.values(config.imports).filter((it) =>
    it.startsWith("jsr:")
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "--no-config", "--no-lock", ...packages],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  const { success } = await child.status;
  clearTimeout(impatience);
  return success;
}

if (!await jsrHasAnswered()) console.log(FALLBACK);
