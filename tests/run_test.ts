/**
 * What `deno task test` shows: all of a test that fails, nothing of one that
 * passes.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Folder } from "./_helpers/folder.ts";

/** Runs tests of this source; resolves with the exit code and the output. */
async function runTests(source: string): Promise<[number, string]> {
  await using folder = new Folder();
  const file = folder.file("some_test.ts");
  await Deno.writeTextFile(file, source);
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "test", "--no-check", file],
    cwd: new URL("../", import.meta.url),
    stderr: "null",
  }).output();
  return [code, new TextDecoder().decode(stdout)];
}

const PASSES = `
  Deno.test("passes", async (t) => {
    console.log("of the one that passes");
    await t.step("a step", () => {});
  });
`;

Deno.test("run: tests that pass are counted, and nothing else is shown of them", async () => {
  const [code, output] = await runTests(PASSES);
  assertEquals(code, 0);
  assertMatch(output, /^ok \| 1 passed \| 0 failed \(\d+s\)\n$/);
});

Deno.test("run: all is shown of a test that fails, and one that is ignored is named", async () => {
  const [code, output] = await runTests(`
    ${PASSES}
    Deno.test("fails", () => {
      console.log("of the one that fails");
      throw new Error("broken");
    });
    Deno.test({ name: "left out", ignore: true, fn() {} });
  `);
  assert(code !== 0);
  assert(!output.includes("of the one that passes"), output);
  assert(output.includes("of the one that fails"), output);
  assert(output.includes("error: Error: broken"), output);
  assertMatch(output, /^left out \.\.\. ignored \(/m);
  assertMatch(output, /^FAILED \| 1 passed \| 1 failed \| 1 ignored /m);
});

Deno.test("run: a file that cannot be loaded fails, with why", async () => {
  const [code, output] = await runTests(`import "./missing.ts";`);
  assert(code !== 0);
  assert(output.includes("missing.ts"), output);
  assertMatch(output, /^FAILED \| 0 passed \| 0 failed /m);
});
