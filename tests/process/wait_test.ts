import { assertEquals, assertRejects } from "@std/assert";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  runSubprocess,
} from "@asyncio/asyncio/process";
import {
  CancelledError,
  createTask,
  gather,
  run,
  sleep,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { isAlive, stateOf, until, zombies } from "./_processes.ts";

const PROCESS = import.meta.resolve("@asyncio/asyncio/process");

Deno.test("wait gives the exit code", async () => {
  const process = await createSubprocessShell("exit 7");
  assertEquals(await process.wait(), 7);
});

Deno.test("returnCode is undefined until the program has ended", async () => {
  const process = await createSubprocessExec("cat", [], { stdin: PIPE });
  assertEquals(process.returnCode, undefined);
  process.stdin!.close();
  await process.wait();
  assertEquals(process.returnCode, 0);
});

Deno.test("a program that signal N ended has the return code -N", async () => {
  const signals = { HUP: 1, INT: 2, ABRT: 6, KILL: 9, USR1: 10, TERM: 15 };
  for (const [name, number] of Object.entries(signals)) {
    const process = await createSubprocessShell(`kill -${name} $$`);
    assertEquals(await process.wait(), -number, name);
  }
});

Deno.test("a real-time signal has a return code as well", async () => {
  // In a program of its own: the runtime loses the handle of a child that ends
  // so.
  const { stdout } = await runSubprocess(
    [Deno.execPath(), "run", "-A", "--quiet", "-"],
    {
      input: `
        import { createSubprocessShell } from "${PROCESS}";
        for (const signal of [34, 64]) {
          const process = await createSubprocessShell(\`kill -\${signal} $$\`);
          console.log(await process.wait());
        }`,
      stdout: PIPE,
      check: true,
    },
  );
  assertEquals(stdout, "-34\n-64\n");
});

Deno.test("an exit code above 128 is no signal", async () => {
  const process = await createSubprocessShell("exit 143");
  assertEquals(await process.wait(), 143);
});

Deno.test("wait after the end gives the code at once", async () => {
  const process = await createSubprocessExec("false");
  await process.wait();
  assertEquals(await process.wait(), 1);
});

Deno.test("many can wait for one end", async () => {
  const process = await createSubprocessExec("cat", [], { stdin: PIPE });
  const waits = Array.from({ length: 5 }, () => () => process.wait());
  const all = gather(waits);
  process.stdin!.close();
  assertEquals(await all, [0, 0, 0, 0, 0]);
});

Deno.test("cancelling one that waits leaves the others and the program alone", async () => {
  const process = await createSubprocessExec("cat", [], { stdin: PIPE });
  const first = createTask(() => process.wait());
  const second = createTask(() => process.wait());
  await sleep(0);
  first.cancel();
  await assertRejects(async () => await first, CancelledError);
  assertEquals(isAlive(process.pid), true);
  process.stdin!.close();
  assertEquals(await second, 0);
});

Deno.test("wait gives up when its signal aborts", async () => {
  await using process = await createSubprocessExec("cat", [], { stdin: PIPE });
  const controller = new AbortController();
  const wait = process.wait({ signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => wait, Error, "enough");
  assertEquals(process.returnCode, undefined);
});

Deno.test("wait is refused by a signal aborted before, also after the end", async () => {
  const process = await createSubprocessExec("true");
  await process.wait();
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => process.wait({ signal }), Error, "enough");
});

Deno.test("a time limit on wait ends the wait and not the program", async () => {
  await using process = await createSubprocessExec("sleep", ["1000"]);
  await assertRejects(() => waitFor(() => process.wait(), 1), TimeoutError);
  assertEquals(isAlive(process.pid), true);
});

Deno.test("wait does not wait for a descendant that holds a pipe open", async () => {
  const process = await createSubprocessShell("sleep 1000 & echo $!; exit 5", {
    stdin: DEVNULL,
    stdout: PIPE,
  });
  await using _end = process;
  const descendant = Number(
    new TextDecoder().decode(await process.stdout!.readLine()),
  );
  assertEquals(await process.wait(), 5);
  assertEquals(isAlive(descendant), true);
});

Deno.test("a program is reaped without a wait", async () => {
  const process = await createSubprocessExec("true");
  await until(() => stateOf(process.pid) === undefined, "it is reaped");
  await until(() => process.returnCode !== undefined, "its end is known");
  assertEquals(zombies(), []);
});

Deno.test("the end of the run that waits is not the end of others", async () => {
  const outside = await createSubprocessExec("cat", [], { stdin: PIPE });
  await run(async () => {
    const inside = await createSubprocessExec("true");
    await inside.wait();
  });
  assertEquals(isAlive(outside.pid), true);
  outside.stdin!.close();
  assertEquals(await outside.wait(), 0);
});

Deno.test("what is left in the pipes can be read after the end", async () => {
  const process = await createSubprocessShell("echo out; echo err >&2", {
    stdout: PIPE,
    stderr: PIPE,
  });
  await process.wait();
  const [out, err] = await Promise.all([
    Array.fromAsync(process.stdout!.lines()),
    Array.fromAsync(process.stderr!.lines()),
  ]);
  assertEquals([out, err], [["out"], ["err"]]);
});

Deno.test("two hundred programs run at once", async () => {
  const codes = await gather(
    Array.from({ length: 200 }, (_, i) => async () => {
      const process = await createSubprocessExec(
        "sh",
        ["-c", `exit ${i % 7}`],
        {
          stdin: DEVNULL,
          stdout: PIPE,
        },
      );
      await process.communicate();
      return await process.wait();
    }),
  );
  assertEquals(codes, Array.from({ length: 200 }, (_, i) => i % 7));
  assertEquals(zombies(), []);
});
