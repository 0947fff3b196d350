/**
 * The first start of a program, which loads what it needs. Each is in a program
 * of its own: there is one first call.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { runProgram } from "../_helpers/program.ts";

/** What a program prints whose main task is `body`, after this import. */
async function printedBy(body: string): Promise<string> {
  const { stdout, stderr } = await runProgram(`
    import * as asyncio from "./mod.ts";
    const { PIPE, DEVNULL } = asyncio;
    await asyncio.run(async () => {
      ${body}
    });
  `);
  assertEquals(stderr, "");
  return stdout;
}

Deno.test("changing the arguments after the first call changes nothing", async () => {
  const printed = await printedBy(`
    const args = ["-c", "echo $WORD"];
    const options = { stdout: PIPE, env: { WORD: "first" } };
    const starting = asyncio.createSubprocessExec("sh", args, options);
    args[1] = "exit 1";
    options.stdout = DEVNULL;
    options.env.WORD = "second";
    const { stdout } = await (await starting).communicate();
    console.log(new TextDecoder().decode(stdout).trim());
  `);
  assertEquals(printed, "first\n");
});

Deno.test("an input that is an object of its own is not copied", async () => {
  const printed = await printedBy(`
    const input = {
      given: 0,
      async *[Symbol.asyncIterator]() {
        while (this.given < 3) yield String(this.given++);
      },
    };
    const { stdout } = await asyncio.runSubprocess(["cat"], {
      input,
      captureOutput: true,
    });
    console.log(stdout, input.given);
  `);
  assertEquals(printed, "012 3\n");
});

Deno.test("a first start that is cancelled while it loads starts nothing", async () => {
  const file = await Deno.makeTempFile();
  const printed = await printedBy(`
    const task = asyncio.createTask(async () => {
      const starting = asyncio.runSubprocess("echo started > ${file}");
      task.cancel();
      await starting;
    });
    await asyncio.wait([task]);
    await asyncio.runSubprocess(["true"]);
    console.log(task.cancelled, Deno.readTextFileSync("${file}") === "");
  `);
  assertEquals(printed, "true true\n");
  await Deno.remove(file);
});

Deno.test("the time limit of a first run is for the program", async () => {
  const printed = await printedBy(`
    const run = asyncio.runSubprocess(["sleep", "60"], { timeout: 1 });
    await run.catch((error) => console.log(error.name, error.timeout));
  `);
  assertEquals(printed, "TimeoutExpiredError 1\n");
});
