import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  type Process,
  STDOUT,
} from "@asyncio/asyncio/process";
import {
  CancelledError,
  createTask,
  gather,
  run,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import {
  isAlive,
  livingIn,
  stateOf,
  text,
  until,
  zombies,
} from "./_processes.ts";

/** Says "ready" when it has begun to ignore SIGTERM, and so does its child. */
const STUBBORN =
  "trap '' TERM; sh -c 'while :; do sleep 1000; done' & echo ready; while :; do sleep 1000; done";

/** A program that ignores SIGTERM, as its child does. */
async function startStubborn(killAfter: number): Promise<Process> {
  const process = await createSubprocessShell(STUBBORN, {
    stdin: DEVNULL,
    stdout: PIPE,
    killAfter,
  });
  assertEquals(text(await process.stdout!.readLine()), "ready\n");
  return process;
}

// --- The ladder --------------------------------------------------------------

Deno.test("dispose ends a program by SIGTERM", async () => {
  const process = await createSubprocessExec("sleep", ["1000"]);
  await process[Symbol.asyncDispose]();
  assertEquals(process.returnCode, -15);
});

Deno.test("await using ends a program, however the block is left", async () => {
  let outer: Process | undefined;
  await assertRejects(
    async () => {
      await using process = await createSubprocessExec("sleep", ["1000"]);
      outer = process;
      throw new Error("leave");
    },
    Error,
    "leave",
  );
  assertEquals(outer!.returnCode, -15);
});

Deno.test("a program that cleans up at SIGTERM has the time to", async () => {
  const script = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done";
  const process = await createSubprocessShell(script, {
    stdin: DEVNULL,
    stdout: PIPE,
    stderr: DEVNULL, // where the shell says that its sleep was ended
    killAfter: Infinity,
  });
  await process.stdout!.readLine();
  await process[Symbol.asyncDispose]();
  assertEquals(process.returnCode, 3);
});

Deno.test("a program that ignores SIGTERM, and its child, get SIGKILL after killAfter", async () => {
  const process = await startStubborn(50);
  const begin = performance.now();
  await process[Symbol.asyncDispose]();
  assert(performance.now() - begin >= 49, "not before killAfter");
  assertEquals(process.returnCode, -9);
  assertEquals(livingIn(process.pid), []);
});

Deno.test("killAfter 0 and less is SIGKILL at once", async () => {
  for (const killAfter of [0, -1]) {
    const process = await startStubborn(killAfter);
    await process[Symbol.asyncDispose]();
    assertEquals(process.returnCode, -9);
    assertEquals(livingIn(process.pid), []);
  }
});

Deno.test("a child that ignores SIGTERM ends though its parent did at once", async () => {
  const script =
    "sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1000; done' & wait";
  const process = await createSubprocessShell(script, {
    stdin: DEVNULL,
    stdout: PIPE,
    killAfter: 50,
  });
  await process.stdout!.readLine();
  await process[Symbol.asyncDispose]();
  assertEquals(process.returnCode, -15);
  assertEquals(livingIn(process.pid), []);
});

Deno.test("dispose reaches the group when its leader has ended", async () => {
  const process = await createSubprocessShell(
    "(trap '' TERM; sleep 1000) & sleep 0.05; exit 0",
    { stdin: DEVNULL, killAfter: 50 },
  );
  assertEquals(await process.wait(), 0);
  assertEquals(livingIn(process.pid).length, 1);
  await process[Symbol.asyncDispose]();
  assertEquals(livingIn(process.pid), []);
});

Deno.test("dispose settles though a descendant left the group and holds the pipes", async () => {
  const process = await createSubprocessShell(
    "setsid sh -c 'echo $$; exec sleep 1000'",
    { stdin: PIPE, stdout: PIPE, stderr: STDOUT },
  );
  const escaped = Number(text(await process.stdout!.readLine()));
  await process[Symbol.asyncDispose]();
  assertEquals(text(await process.stdout!.read()), "");
  assertEquals(isAlive(escaped), true);
  Deno.kill(escaped, "SIGKILL");
});

Deno.test("a stopped program goes on, so that it can end by itself", async () => {
  for (const group of [true, false]) {
    const process = await createSubprocessExec("sleep", ["1000"], {
      stdin: DEVNULL,
      killAfter: Infinity,
      group,
    });
    process.sendSignal("SIGSTOP");
    await until(() => stateOf(process.pid) === "T", "it is stopped");
    await process[Symbol.asyncDispose]();
    assertEquals(process.returnCode, -15);
  }
});

// --- Twice, late, at once ----------------------------------------------------

Deno.test("dispose after the end is harmless, and so is a second one", async () => {
  const process = await createSubprocessExec("true");
  await process.wait();
  await process[Symbol.asyncDispose]();
  await process[Symbol.asyncDispose]();
  assertEquals(process.returnCode, 0);
});

Deno.test("several disposes at once end it once", async () => {
  const process = await startStubborn(20);
  const dispose = () => process[Symbol.asyncDispose]();
  await gather([dispose, dispose, dispose]);
  assertEquals(process.returnCode, -9);
});

Deno.test("a wait for a program that is disposed gets its code", async () => {
  const process = await createSubprocessExec("sleep", ["1000"]);
  const wait = createTask(() => process.wait());
  await sleep(0);
  await process[Symbol.asyncDispose]();
  assertEquals(await wait, -15);
});

Deno.test("a read of the output of a program that is disposed gets what there was, and the end", async () => {
  const process = await createSubprocessShell("echo some; sleep 1000", {
    stdin: DEVNULL,
    stdout: PIPE,
  });
  assertEquals(text(await process.stdout!.readUntil("so")), "so");
  const rest = createTask(() => process.stdout!.read());
  await sleep(0);
  await process[Symbol.asyncDispose]();
  assertEquals(text(await rest), "me\n");
});

Deno.test("a drain into a program that is disposed rejects", async () => {
  const process = await createSubprocessExec("sleep", ["1000"], {
    stdin: PIPE,
  });
  process.stdin!.write(new Uint8Array(1 << 20));
  const drain = createTask(() => process.stdin!.drain());
  await sleep(0);
  await process[Symbol.asyncDispose]();
  await assertRejects(async () => await drain, Error);
});

// --- Cancels -----------------------------------------------------------------

Deno.test("a cancel does not keep dispose from ending the program", async () => {
  const process = await startStubborn(50);
  let disposed = false;
  const task = createTask(async () => {
    await process[Symbol.asyncDispose]();
    disposed = true;
    await sleep(0);
  });
  await sleep(0);
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assert(disposed);
  assertEquals(livingIn(process.pid), []);
});

Deno.test("a cancelled task takes its program along", async () => {
  let process!: Process;
  const task = createTask(async () => {
    await using mine = await startStubborn(20);
    process = mine;
    await mine.wait();
  });
  await until(() => process !== undefined, "it has started");
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(process.returnCode, -9);
  assertEquals(livingIn(process.pid), []);
});

Deno.test("a failing group takes the programs of all its tasks along", async () => {
  const pids: number[] = [];
  await assertRejects(() =>
    taskGroup(async (group) => {
      for (let i = 0; i < 5; i++) {
        await group.start(async (started) => {
          await using process = await createSubprocessExec("sleep", ["1000"], {
            stdin: DEVNULL,
          });
          pids.push(process.pid);
          started(undefined);
          await process.wait();
        });
      }
      throw new Error("fail");
    }), AggregateError);
  assertEquals(pids.length, 5);
  assertEquals(pids.filter(isAlive), []);
});

// --- The end of the run ------------------------------------------------------

Deno.test("the end of the run ends its programs, with everybody in their groups", async () => {
  let first!: Process;
  let second!: Process;
  await run(async () => {
    first = await startStubborn(20);
    second = await createSubprocessExec("sleep", ["1000"], { stdin: PIPE });
  });
  assertEquals([first.returnCode, second.returnCode], [-9, -15]);
  assertEquals(livingIn(first.pid), []);
  assertEquals(zombies(), []);
});

Deno.test("the end of the run ends what a program left behind", async () => {
  let pid = 0;
  await run(async () => {
    const process = await createSubprocessShell("sleep 1000 &", {
      stdin: DEVNULL,
    });
    pid = process.pid;
    await process.wait();
    assertEquals(livingIn(pid).length, 1);
  });
  assertEquals(livingIn(pid), []);
});

Deno.test("a failing run ends its programs", async () => {
  let process!: Process;
  await assertRejects(
    () =>
      run(async () => {
        process = await createSubprocessExec("sleep", ["1000"]);
        throw new Error("fail");
      }),
    Error,
    "fail",
  );
  assertEquals(process.returnCode, -15);
});

Deno.test("Ctrl-C ends the programs of the run", async () => {
  const module = new URL("../../mod.ts", import.meta.url);
  const code = `
    import { createSubprocessShell, PIPE, run } from "${module}";
    await run(async () => {
      const child = await createSubprocessShell(
        "trap '' INT; sleep 1000 & echo $$; wait",
        { stdin: "null", stdout: PIPE },
      );
      console.log(new TextDecoder().decode(await child.stdout.readLine()).trim());
      await child.wait();
    });`;
  await using program = await createSubprocessExec(
    Deno.execPath(),
    ["run", "-A", "--quiet", "-"],
    { stdin: PIPE, stdout: PIPE, stderr: PIPE },
  );
  program.stdin!.write(code);
  program.stdin!.close();
  const group = Number(text(await program.stdout!.readLine()));
  assertEquals(livingIn(group).length, 2);
  program.sendSignal("SIGINT");
  assertEquals(await program.wait(), 130);
  assertEquals(livingIn(group), []);
});
