import { assert, assertEquals } from "@std/assert";
import { blocksOf, readPage } from "./_markdown.ts";

const ROOT = new URL("../../", import.meta.url);

/** What the comments behind `console.log` say, in the order of the lines. */
function saidIn(program: string): string[] {
  return [...program.matchAll(/console\.log\(.*\/\/ (.+)$/gm)]
    .map((match) => match[1]!);
}

/** Whether a comment says this line, and perhaps why. */
function says(comment: string, line: string): boolean {
  return comment === line ||
    [";", ":", ","].some((end) => comment.startsWith(line + end));
}

async function printedBy(program: string): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "-"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { code, stdout } = await child.output();
  assertEquals(code, 0);
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

for (
  const page of [
    "FROM_ASYNCIO.md",
    "FROM_JAVASCRIPT.md",
    "README.md",
    "RECIPES.md",
  ]
) {
  Deno.test(`the programs in ${page} print what the comments beside them say`, async () => {
    const programs = blocksOf(readPage(page), "ts")
      .filter((it) => saidIn(it).length > 0);
    assert(programs.length > 0);
    for (const program of programs) {
      const printed = await printedBy(program);
      const unsaid = saidIn(program).filter((comment) =>
        !printed.some((line) => says(comment, line))
      );
      assertEquals(unsaid, [], `printed:\n${printed.join("\n")}`);
    }
  });
}
