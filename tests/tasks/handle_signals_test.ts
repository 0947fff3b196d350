import { assert, assertEquals, assertRejects } from "@std/assert";
import { run } from "@asyncio/asyncio/tasks";
import { Program } from "../_helpers/program.ts";

const IMPORTS = `
import { createTask, getRunningLoop, InterruptError, run, signals, sleep } from "@asyncio/asyncio/tasks";
const say = (line) => console.log(line);
const main = async () => {
  try {
    say("ready");
    await sleep(60_000);
  } finally {
    await sleep(1);
    say("cleaned up");
  }
};
`;

/** Starts a program, and sends it `signals` when it has written their words. */
async function signalled(
  code: string,
  ...signals: [word: string, signal: Deno.Signal][]
): Promise<{ code: number; signal: string | null; stdout: string }> {
  const program = await Program.start(IMPORTS + code);
  for (const [word, signal] of signals) {
    await program.wrote(word);
    program.kill(signal);
  }
  return await program.ended();
}

for (const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`${signal} ends a program as Ctrl-C does: main cleans up, exit code ${code}`, async () => {
    const ended = await signalled("await run(main);", ["ready", signal]);
    assertEquals(ended.stdout, "ready\ncleaned up\n");
    assertEquals([ended.code, ended.signal], [code, null]);
  });
}

Deno.test("the error tells which signal it was", async () => {
  const ended = await signalled(
    `try { await run(main); } catch (error) { say(error.signal + " " + error.message); }`,
    ["ready", "SIGTERM"],
  );
  assertEquals(
    ended.stdout,
    "ready\ncleaned up\nSIGTERM interrupted by SIGTERM\n",
  );
});

Deno.test("a signal that is not in handleSignals has the runtime's default", async () => {
  const ended = await signalled(
    `await run(main, { handleSignals: ["SIGINT"] });`,
    ["ready", "SIGTERM"],
  );
  assertEquals([ended.stdout, ended.signal], ["ready\n", "SIGTERM"]);
});

Deno.test("a signal of one's own list ends the run", async () => {
  const ended = await signalled(
    `await run(main, { handleSignals: ["SIGUSR2"] });`,
    ["ready", "SIGUSR2"],
  );
  assertEquals([ended.stdout, ended.code], ["ready\ncleaned up\n", 140]);
});

Deno.test("the second signal of the same name gets the runtime's default, one of another name is a cancel", async () => {
  const ended = await signalled(
    `await run(async () => {
      for (const word of ["first", "second"]) {
        try { say(word); await sleep(60_000); } catch { /* goes on */ }
      }
      say("third");
      await sleep(60_000);
    });`,
    ["first", "SIGTERM"],
    ["second", "SIGINT"],
    ["third", "SIGTERM"],
  );
  assertEquals(ended.signal, "SIGTERM");
});

for (
  const [name, end] of [
    ["has a value", "return 1;"],
    ["is cancelled", "currentTask().cancel(); await sleep(1);"],
  ]
) {
  Deno.test(`a signal during the clean-up of a main task that ${name} is not lost`, async () => {
    const ended = await signalled(
      `import { currentTask } from "@asyncio/asyncio/tasks";
      let arrived = false;
      Deno.addSignalListener("SIGTERM", () => arrived = true);
      await run(async () => {
        createTask(async () => {
          try {
            await sleep(60_000);
          } finally {
            say("cleaning up");
            while (!arrived) await sleep(1);
            say("cleaned up");
          }
        });
        await sleep(0);
        ${end}
      }).finally(() => say("settled"));`,
      ["cleaning up", "SIGTERM"],
    );
    assertEquals(ended.stdout, "cleaning up\ncleaned up\nsettled\n");
    assertEquals(ended.code, 143);
  });
}

for (
  const [name, handler] of [
    [
      "signals",
      `using arrived = signals("SIGTERM"); say("ready"); for await (const signal of arrived) { say(signal); break; }`,
    ],
    [
      "addSignalHandler",
      `const loop = getRunningLoop();
       await new Promise((resolve) => { loop.addSignalHandler("SIGTERM", () => resolve()); say("ready"); });
       say("SIGTERM"); loop.removeSignalHandler("SIGTERM");`,
    ],
  ]
) {
  Deno.test(`a handler set with ${name} takes the signal over from run, until it is removed`, async () => {
    const ended = await signalled(
      `await run(async () => {
        ${handler}
        try { say("removed"); await sleep(60_000); } finally { say("cancelled"); }
      });`,
      ["ready", "SIGTERM"],
      ["removed", "SIGTERM"],
    );
    assertEquals(ended.stdout, "ready\nSIGTERM\nremoved\ncancelled\n");
    assertEquals(ended.code, 143);
  });
}

Deno.test("a handler in one run takes the signal over from another run beside it", async () => {
  const ended = await signalled(
    `await Promise.all([
      run(async () => { await sleep(50); say("other run"); }),
      run(async () => {
        using arrived = signals("SIGTERM");
        say("ready");
        for await (const signal of arrived) { say(signal); break; }
      }),
    ]);`,
    ["ready", "SIGTERM"],
  );
  assertEquals(
    ended.stdout.split("\n").sort().join(" ").trim(),
    "SIGTERM other run ready",
  );
  assertEquals(ended.code, 0);
});

Deno.test("handleSignals that is no list of signals is a TypeError, and main does not run", async () => {
  let ran = false;
  for (const handleSignals of ["SIGINT", [1], null] as never[]) {
    await assertRejects(
      () => run(() => ran = true, { handleSignals }),
      TypeError,
    );
  }
  const unknown = ["SIGNONE"] as never;
  await assertRejects(
    () => run(() => ran = true, { handleSignals: unknown }),
    TypeError,
  );
  assert(!ran);
});
