import { assertEquals, assertThrows } from "@std/assert";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  INHERIT,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import { isAlive, livingIn, stateOf, text, until } from "./_processes.ts";

/** The number that a program prints on its next line. */
async function readPid(process: Process): Promise<number> {
  return Number(text(await process.stdout!.readLine()));
}

/** The signals that `body` sends, each with its target. */
async function sentDuring(
  body: () => unknown,
): Promise<[number, Deno.Signal | undefined][]> {
  const sent: [number, Deno.Signal | undefined][] = [];
  const { kill } = Deno;
  Deno.kill = (pid, signal) => {
    if (typeof signal === "string") sent.push([pid, signal]);
    kill(pid, signal);
  };
  try {
    await body();
  } finally {
    Deno.kill = kill;
  }
  return sent;
}

Deno.test("terminate sends SIGTERM and kill SIGKILL", async () => {
  const terminated = await createSubprocessExec("sleep", ["1000"]);
  terminated.terminate();
  assertEquals(await terminated.wait(), -15);
  const killed = await createSubprocessExec("sleep", ["1000"]);
  killed.kill();
  assertEquals(await killed.wait(), -9);
});

Deno.test("sendSignal sends any signal, with a group and without", async () => {
  for (const group of [true, false]) {
    const script =
      "trap 'echo got it' USR1; echo ready; while :; do sleep 0.01; done";
    await using process = await createSubprocessShell(script, {
      stdin: DEVNULL,
      stdout: PIPE,
      stderr: DEVNULL, // where the shell says that its sleep was ended
      group,
    });
    assertEquals(text(await process.stdout!.readLine()), "ready\n");
    process.sendSignal("SIGUSR1");
    assertEquals(text(await process.stdout!.readLine()), "got it\n");
  }
});

Deno.test("a stopped program can be continued", async () => {
  await using process = await createSubprocessExec("sleep", ["1000"], {
    stdin: DEVNULL,
  });
  process.sendSignal("SIGSTOP");
  await until(() => stateOf(process.pid) === "T", "it is stopped");
  process.sendSignal("SIGCONT");
  await until(() => stateOf(process.pid) === "S", "it goes on");
});

Deno.test("a signal reaches the descendants as well", async () => {
  const process = await createSubprocessShell(
    "sleep 1000 & echo $!; wait",
    { stdin: DEVNULL, stdout: PIPE },
  );
  const descendant = await readPid(process);
  process.kill();
  assertEquals(await process.wait(), -9);
  await until(() => !isAlive(descendant), "the descendant has ended");
  await process[Symbol.asyncDispose]();
});

Deno.test("a signal reaches the descendants after the program has ended", async () => {
  const process = await createSubprocessShell("sleep 1000 & echo $!", {
    stdin: DEVNULL,
    stdout: PIPE,
  });
  const descendant = await readPid(process);
  assertEquals(await process.wait(), 0);
  assertEquals(isAlive(descendant), true);
  process.terminate();
  await until(() => !isAlive(descendant), "the descendant has ended");
  await process[Symbol.asyncDispose]();
});

Deno.test("a program leads a group of its own, also with an inherited input that is no terminal", async () => {
  const inherited = Deno.stdin.isTerminal() ? [] : [INHERIT];
  for (const stdin of [...inherited, PIPE, DEVNULL]) {
    const process = await createSubprocessShell("ps -o pgid= -p $$", {
      stdin,
      stdout: PIPE,
    });
    const group = Number(text((await process.communicate()).stdout));
    assertEquals(group, process.pid);
  }
});

Deno.test("a program leads its group as soon as it is handed out", async () => {
  for (let i = 0; i < 20; i++) {
    const process = await createSubprocessExec("sleep", ["1000"], {
      stdin: DEVNULL,
    });
    Deno.kill(-process.pid, "SIGTERM");
    assertEquals(await process.wait(), -15);
  }
});

Deno.test("group says it either way", async () => {
  const own = await createSubprocessShell("ps -o pgid= -p $$", {
    stdin: INHERIT,
    stdout: PIPE,
    group: true,
  });
  assertEquals(Number(text((await own.communicate()).stdout)), own.pid);
  const none = await createSubprocessShell("ps -o pgid= -p $$", {
    stdin: DEVNULL,
    stdout: PIPE,
    group: false,
  });
  const group = Number(text((await none.communicate()).stdout));
  assertEquals(group === none.pid, false);
});

Deno.test("a signal after the end is no error", async () => {
  for (const stdin of [INHERIT, DEVNULL] as const) {
    const process = await createSubprocessExec("true", [], { stdin });
    await process.wait();
    process.sendSignal("SIGUSR1");
    process.terminate();
    process.kill();
  }
});

Deno.test("a signal to a program that has ended, which is not known yet, is no error", async () => {
  for (const stdin of [INHERIT, DEVNULL] as const) {
    const process = await createSubprocessExec("true", [], { stdin });
    // No turn of the loop in between: only the kernel knows.
    const end = performance.now() + 10_000;
    while (isAlive(process.pid) && performance.now() < end);
    process.terminate();
    process.kill();
    assertEquals(await process.wait(), 0);
  }
});

Deno.test("a signal that a timer sends in the turn of the end is no error", async () => {
  for (let i = 0; i < 20; i++) {
    for (const stdin of [INHERIT, DEVNULL] as const) {
      const process = await createSubprocessExec("true", [], { stdin });
      const sent = new Promise<void>((resolve, reject) =>
        setTimeout(() => {
          try {
            resolve(process.terminate());
          } catch (error) {
            reject(error);
          }
        })
      );
      // Both are due when the loop turns again: the timer, and the end.
      const end = performance.now() + 10_000;
      while (isAlive(process.pid) && performance.now() < end);
      await sent;
      assertEquals(await process.wait(), 0);
    }
  }
});

Deno.test("no signal is sent when the wait is over, so reused numbers are safe", async () => {
  const process = await createSubprocessExec("true", [], { stdin: DEVNULL });
  await process.wait();
  const sent = await sentDuring(async () => {
    process.terminate();
    process.kill();
    await process[Symbol.asyncDispose]();
  });
  assertEquals(sent, []);
});

Deno.test("no signal is sent after dispose, though something may still seem to be there", async () => {
  const process = await createSubprocessShell("sleep 1000 & sleep 1000", {
    stdin: DEVNULL,
  });
  await process[Symbol.asyncDispose]();
  const sent = await sentDuring(async () => {
    process.kill();
    await process[Symbol.asyncDispose]();
  });
  assertEquals(sent, []);
  assertEquals(livingIn(process.pid), []);
});

Deno.test("a group is signalled as a whole and by nothing but its number", async () => {
  const process = await createSubprocessExec("sleep", ["1000"], {
    stdin: DEVNULL,
  });
  const sent = await sentDuring(() => process.terminate());
  assertEquals(sent, [[-process.pid, "SIGTERM"]]);
  await process.wait();
});

Deno.test("what is no signal is a TypeError, also after the end", async () => {
  for (const stdin of [INHERIT, DEVNULL] as const) {
    await using process = await createSubprocessExec("sleep", ["1000"], {
      stdin,
    });
    const send = (signal: unknown) => () =>
      process.sendSignal(signal as Deno.Signal);
    const refuse = () => {
      for (const wrong of ["SIGNOTHING", "TERM", undefined, null, 15, ""]) {
        assertThrows(send(wrong), TypeError, String(wrong));
      }
    };
    refuse();
    assertEquals(isAlive(process.pid), true);
    process.kill();
    assertEquals(await process.wait(), -9);
    refuse();
  }
});
