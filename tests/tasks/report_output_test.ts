import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  createTask,
  formatCallGraph,
  Future,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { runProgram } from "../_helpers/program.ts";
import { reportsOf } from "../_helpers/reports.ts";

/** What a terminal obeys: a control sequence in one character, and a turn. */
const NAME = "\x9b31m\u202e\nnext";
const SAFE = String.raw`"\u009b31m\u202e\nnext"`;

Deno.test("a report that cannot be written does not end the program", async () => {
  const { code, stdout } = await runProgram(`
    import { createTask, getRunningLoop, printCallGraph, run, sleep } from "@asyncio/asyncio/tasks";
    console.error = () => {
      throw new Error("No space left on device");
    };
    await run(async () => {
      getRunningLoop().callSoon(() => {
        throw new Error("in a callback");
      });
      printCallGraph({ all: true });
      await sleep(1);
      console.log("goes on");
    });
  `);
  assertEquals([code, stdout], [0, "goes on\n"]);
});

Deno.test("a dump that cannot be written does not end the program", async () => {
  const { code, stdout } = await runProgram(`
    import { run, sleep } from "@asyncio/asyncio/tasks";
    const written = Promise.withResolvers();
    console.error = () => {
      written.resolve();
      throw new Error("No space left on device");
    };
    await run(async () => {
      Deno.kill(Deno.pid, "SIGUSR2");
      while (await Promise.race([written.promise.then(() => false), sleep(1).then(() => true)]));
      console.log("goes on");
    }, { dumpOnSignal: "SIGUSR2" });
  `);
  assertEquals([code, stdout], [0, "goes on\n"]);
});

Deno.test("a call graph has nothing in it that a terminal obeys", () =>
  run(async () => {
    const named = {
      async [NAME]() {
        await new Future<void>();
      },
    };
    const task = createTask(named[NAME]!, { name: NAME });
    const waiting = createTask(() => task, { name: "waiting" });
    await sleep(0);
    const shown = formatCallGraph({ all: true });
    assertStringIncludes(shown, `task ${SAFE}`);
    // deno-lint-ignore no-control-regex -- they are what is looked for
    assertMatch(shown, /^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]*$/);
    waiting.cancel();
    await waiting.catch(() => {});
  }, { debug: true }));

Deno.test("the message of a report has nothing in it that a terminal obeys", async () => {
  const [report] = await reportsOf(async () => {
    createTask(() => Promise.reject(new Error("1")), { name: NAME });
    await sleep(1);
  });
  assertStringIncludes(report!.message, SAFE);
});

Deno.test("a report on stderr has nothing in it that a terminal obeys", async () => {
  const { stderr } = await runProgram(`
    import { getRunningLoop, run, sleep } from "@asyncio/asyncio/tasks";
    await run(async () => {
      getRunningLoop().callExceptionHandler({
        message: "\\x9b31m of a client",
        error: new Error("no file \\u202e.txt\\n\\tsecond line"),
      });
      await sleep(0);
    });
  `);
  assertStringIncludes(stderr, String.raw`\u009b31m of a client`);
  assertStringIncludes(stderr, String.raw`no file \u202e.txt` + "\n\tsecond");
});
