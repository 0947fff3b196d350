/** Programs of this folder on several runtimes. @module */
import { has } from "../_helpers/installed.ts";
import { transpile } from "./_transpile.ts";

export const RUNTIMES = ["deno", "node", "bun"] as const;

/** How a program ended, and what it wrote. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program of this folder. */
export type Start = (program: string, ...args: string[]) => Promise<Ended>;

const transpiled = await transpile("smoke.ts", "contexts.ts", "monitored.ts");
addEventListener("unload", () => transpiled.remove());

/** A test on the runtime, which is skipped where that is not installed. */
export function testOn(
  runtime: typeof RUNTIMES[number],
  name: string,
  body: (start: Start) => Promise<void>,
): void {
  Deno.test({
    name: `${name} on ${runtime}`,
    ignore: runtime !== "deno" && !has(runtime),
    fn: () => body((program, ...args) => start(runtime, program, args)),
  });
}

async function start(
  runtime: typeof RUNTIMES[number],
  program: string,
  args: string[],
): Promise<Ended> {
  const isDeno = runtime === "deno";
  const flags = isDeno
    ? ["run", "-A", "--v8-flags=--expose-gc"]
    : ["--expose-gc"];
  const path = transpiled.pathOf(program);
  const command = new Deno.Command(isDeno ? Deno.execPath() : runtime, {
    args: [...flags, path, ...args],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
