import { assertEquals } from "@std/assert";

const here = new URL(".", import.meta.url).pathname;

/**
 * Runs a program of this folder in a process of its own, and gives the lines
 * that it prints, all but the first, which `onFirst` gets as soon as it is
 * there.
 */
export async function runChild(
  program: string,
  options: {
    /** What it may do: all unless given. */
    permissions?: string[];
    flags?: string[];
    args?: string[];
    /** What the shell does before. */
    limits?: string;
    onFirst?: (line: string) => Promise<void>;
  } = {},
): Promise<string[]> {
  const { permissions = ["-A"], flags = [], args = [], limits = "", onFirst } =
    options;
  const deno = [Deno.execPath(), "run", "--no-check", "--no-prompt"];
  const run = [...deno, ...permissions, ...flags];
  const child = new Deno.Command("sh", {
    args: ["-c", `${limits} exec "$@"`, "sh", ...run, here + program, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const lines = [""];
  let first = true;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const [end, ...more] = text.split("\n");
    lines.push(lines.pop()! + end, ...more);
    if (!first || more.length === 0) continue;
    first = false;
    await onFirst?.(lines[0]!);
  }
  assertEquals((await child.status).code, 0);
  return lines.slice(1, -1);
}
