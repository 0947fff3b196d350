import { assert, assertEquals } from "@std/assert";
import {
  createSubprocessExec,
  DEVNULL,
  PIPE,
  runSubprocess,
} from "@asyncio/asyncio/process";
import { createTask, run, sleep } from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { livingIn, text } from "./_processes.ts";

const DAY = 86_400_000;

Deno.test("a virtual clock stands still while a program is waited for", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const slept = createTask(() => sleep(DAY));
    const process = await createSubprocessExec("sleep", ["0.05"], {
      stdin: DEVNULL,
    });
    assertEquals(await process.wait(), 0);
    assertEquals(slept.done, false);
    await slept;
  }, { clock });
  assert(clock.now() >= DAY);
});

Deno.test("a virtual clock stands still while a program is read and fed", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const slept = createTask(() => sleep(DAY));
    const { stdout } = await runSubprocess("sleep 0.05; cat", {
      input: "x",
      captureOutput: true,
      timeout: 1000,
    });
    assertEquals([stdout, slept.done], ["x", false]);
  }, { clock });
});

Deno.test("killAfter is real time, whatever the clock of the loop", async () => {
  await run(async () => {
    const process = await createSubprocessExec(
      "sh",
      ["-c", "trap '' TERM; echo ready; while :; do sleep 1000; done"],
      { stdin: DEVNULL, stdout: PIPE, killAfter: 30 },
    );
    assertEquals(text(await process.stdout!.readLine()), "ready\n");
    const begin = performance.now();
    await process[Symbol.asyncDispose]();
    assert(performance.now() - begin >= 29);
    assertEquals(process.returnCode, -9);
    assertEquals(livingIn(process.pid), []);
  }, { clock: new VirtualClock() });
});
