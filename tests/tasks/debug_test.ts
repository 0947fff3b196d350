import { assert, assertEquals } from "@std/assert";
import {
  createTask,
  type ExceptionContext,
  getRunningLoop,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { runProgram } from "../_helpers/program.ts";
import { keepBusy } from "../_helpers/keep_busy.ts";

/** What is reported of callbacks that keep the thread busy. */
async function reportsOfWork(
  debug: boolean,
  limit: number,
): Promise<ExceptionContext[]> {
  const reports: ExceptionContext[] = [];
  await run(async () => {
    const loop = getRunningLoop();
    assertEquals(loop.debug, debug);
    assertEquals(loop.slowCallbackDuration, 100);
    loop.slowCallbackDuration = limit;
    loop.setExceptionHandler((_, report) => reports.push(report));
    loop.callSoon(function busy() {
      keepBusy(20);
    });
    await sleep(30);
  }, { debug });
  return reports;
}

Deno.test("in debug mode a slow callback is reported, with its name and its time", async () => {
  const messages = (await reportsOfWork(true, 10)).map(({ message }) =>
    message
  );
  assertEquals(
    messages.filter((it) => /busy.* took \d+ ms/.test(it)).length,
    1,
  );
});

Deno.test("a callback within the limit, or without debug mode, is not reported", async () => {
  assertEquals(await reportsOfWork(true, 100_000), []);
  assertEquals(await reportsOfWork(false, 10), []);
});

Deno.test("in debug mode a slow step of a task is reported, with its name", async () => {
  const reports: ExceptionContext[] = [];
  await run(async () => {
    const loop = getRunningLoop();
    loop.slowCallbackDuration = 10;
    loop.setExceptionHandler((_, report) => reports.push(report));
    await createTask(() => keepBusy(20), { name: "busy" });
  }, { debug: true });
  const messages = reports.map(({ message }) => message);
  assertEquals(
    messages.filter((it) => /busy.* took \d+ ms/.test(it)).length,
    1,
  );
});

Deno.test("in debug mode a report of a task says where that was created", async () => {
  const reports: ExceptionContext[] = [];
  await run(async () => {
    getRunningLoop().setExceptionHandler((_, report) => reports.push(report));
    createTask(() => Promise.reject("no stack of its own"), { name: "lost" });
    await sleep(1);
  }, { debug: true });
  assertEquals(reports.length, 1);
  assert(reports[0]!.message.includes("debug_test.ts"), reports[0]!.message);
});

Deno.test("debug can be switched on and off on the loop", () =>
  run(() => {
    const loop = getRunningLoop();
    loop.debug = true;
    assertEquals(loop.debug, true);
    loop.debug = false;
    assertEquals(loop.debug, false);
  }, { debug: false }));

const PROGRAM = `
  import { getRunningLoop, run } from "@asyncio/asyncio/tasks";
  console.log(await run(() => getRunningLoop().debug), await run(() => getRunningLoop().debug, { debug: false }));
`;

Deno.test("ASYNCIO_DEBUG=1 in the environment is debug mode", async () => {
  const values = {
    "1": "true false\n",
    "0": "false false\n",
    "": "false false\n",
  };
  for (const [value, expected] of Object.entries(values)) {
    const code =
      `Deno.env.set("ASYNCIO_DEBUG", "${value}"); await import("data:application/javascript,");`;
    const { stdout, stderr } = await runProgram(
      code +
        PROGRAM.replace("import {", "const {").replace(
          '} from "',
          '} = await import("',
        ).replace('tasks";', 'tasks");'),
    );
    assertEquals(stdout, expected, stderr);
  }
});

Deno.test("without the permission to read the environment there is no debug mode, and no prompt", async () => {
  const { code, stdout, stderr } = await runProgram(PROGRAM, ["--deny-env"]);
  assertEquals([code, stdout], [0, "false false\n"], stderr);
});
