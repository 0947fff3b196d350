import { assertEquals } from "@std/assert";

const here = new URL(".", import.meta.url).pathname;

/** Runs a program of this folder in a process of its own, and gives what it prints. */
export async function runChild(
  flags: string[],
  program: string,
  limits = "",
): Promise<string> {
  const run = [Deno.execPath(), "run", "-A", "--no-check", ...flags];
  const { stdout, stderr, code } = await new Deno.Command("sh", {
    args: ["-c", `${limits} exec "$@"`, "sh", ...run, here + program],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}
