import { assert, assertEquals, assertMatch } from "@std/assert";
import { EXAMPLES, runExample } from "./_run_example.ts";

/** What a program must do, where it is not the usual. */
interface Expectation {
  /** Every line that it prints, in order: the line itself, or a pattern for it. */
  lines?: (string | RegExp)[];
  /** Patterns that its output must match, in any order: for programs whose lines vary. */
  output?: RegExp[];
  /** Patterns that its standard error must match; without them, it must be empty. */
  stderr?: RegExp[];
  /** Its exit code; 0 unless given. */
  code?: number;
}

/** The programs of examples/, by file name. */
const expectations: Record<string, Expectation> = {};

for (const [file, expected] of Object.entries(expectations)) {
  Deno.test(`examples/${file} does what it says`, async () => {
    const { code, stdout, stderr } = await runExample(file);
    const all = `${stdout}${stderr}`;
    assertEquals(code, expected.code ?? 0, all);
    if (expected.lines) assertLines(stdout, expected.lines);
    for (const pattern of expected.output ?? []) assertMatch(stdout, pattern);
    for (const pattern of expected.stderr ?? []) assertMatch(stderr, pattern);
    if (!expected.stderr) assertEquals(stderr, "");
  });
}

Deno.test("every program in examples/ is run, and its output checked", () => {
  const files = [...Deno.readDirSync(EXAMPLES)]
    .map((entry) => entry.name)
    .filter((name) => name.endsWith(".ts") && !name.startsWith("_"));
  assertEquals(files.sort(), Object.keys(expectations).sort());
  for (const [file, { lines, output }] of Object.entries(expectations)) {
    assert(lines || output?.length, `nothing is expected of ${file}`);
  }
});

/** Shows the whole output on a difference: a line that fits its pattern stands as the pattern. */
function assertLines(text: string, expected: (string | RegExp)[]): void {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const found = lines.map((line, at) => {
    const pattern = expected[at];
    return pattern instanceof RegExp && pattern.test(line)
      ? String(pattern)
      : line;
  });
  assertEquals(found, expected.map(String));
}
