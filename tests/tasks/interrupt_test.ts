import { assert, assertEquals } from "@std/assert";
import { Program } from "../_helpers/program.ts";

const IMPORTS = `
import * as t from "@asyncio/asyncio/tasks";
const { CancelledError, createTask, currentTask, InterruptError, run, Runner, sleep, taskGroup } = t;
const say = (line) => console.log(line);
`;

/** Starts a program and sends it Ctrl-C, once it has said that it is ready. */
async function interrupted(code: string): Promise<Program> {
  const program = await Program.start(IMPORTS + code);
  await program.wrote("ready");
  program.kill("SIGINT");
  return program;
}

for (
  const how of [
    "await run(main)",
    "run(main)",
    "export default await run(main)",
  ]
) {
  Deno.test(`Ctrl-C cancels main, which cleans up; then the program exits with 130: ${how}`, async () => {
    const program = await interrupted(`
      async function main() {
        createTask(() => sleep(60_000).finally(() => say("leftover")));
        try {
          say("ready");
          await sleep(60_000);
        } catch (error) {
          say(error instanceof CancelledError);
          await sleep(1);
          say("main");
          throw error;
        }
      }
      ${how};
    `);
    const { code, signal, stdout, stderr } = await program.ended();
    assertEquals(stdout, "ready\ntrue\nmain\nleftover\n");
    assertEquals([code, signal], [130, null], stderr);
    assertEquals(stderr, "");
  });
}

Deno.test("run rejects with InterruptError, its cause the cancel, and a program that catches it goes on", async () => {
  const program = await interrupted(`
    try {
      await run(() => { say("ready"); return sleep(60_000); });
    } catch (error) {
      say(error instanceof InterruptError && error.cause instanceof CancelledError);
    }
    say(await run(() => "goes on"));
  `);
  const { code, stdout } = await program.ended();
  assertEquals([code, stdout], [0, "ready\ntrue\ngoes on\n"]);
});

Deno.test("a main that catches the cancel gives its value, and the program goes on", async () => {
  const program = await interrupted(`
    say(await run(async () => {
      say("ready");
      await sleep(60_000).catch(() => {});
      return "value";
    }));
  `);
  const { code, stdout } = await program.ended();
  assertEquals([code, stdout], [0, "ready\nvalue\n"]);
});

Deno.test("a main whose clean-up fails ends with that error", async () => {
  const program = await interrupted(`
    await run(() => {
      say("ready");
      return sleep(60_000).finally(() => { throw new Error("clean-up failed"); });
    });
  `);
  const { code, stderr } = await program.ended();
  assertEquals(code, 1);
  assert(stderr.includes("clean-up failed"), stderr);
});

Deno.test("a main that was cancelled elsewhere as well ends with CancelledError", async () => {
  const program = await interrupted(`
    await run(async () => {
      const main = currentTask();
      say("ready");
      await sleep(60_000).finally(() => main.cancel("elsewhere"));
    }).catch((error) => say(error.name));
  `);
  assertEquals((await program.ended()).stdout, "ready\nCancelledError\n");
});

Deno.test("the second Ctrl-C gets the runtime's default, and kills", async () => {
  const program = await interrupted(`
    await run(async () => {
      say("ready");
      try {
        await sleep(60_000);
      } finally {
        say("cleaning up");
        await sleep(60_000);
        say("not reached");
      }
    });
  `);
  await program.wrote("cleaning up");
  program.kill("SIGINT");
  const { signal, stdout } = await program.ended();
  assertEquals([signal, stdout], ["SIGINT", "ready\ncleaning up\n"]);
});

Deno.test("a main in a foreign wait can be ended by the second Ctrl-C", async () => {
  const program = await interrupted(`
    await run(async () => {
      currentTask().signal.addEventListener("abort", () => say("aborted"));
      say("ready");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });
  `);
  await program.wrote("aborted");
  program.kill("SIGINT");
  assertEquals((await program.ended()).signal, "SIGINT");
});

Deno.test("Ctrl-C reaches two runs side by side, and each cleans up", async () => {
  const program = await interrupted(`
    const main = (name) => async () => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(1);
        say("cleaned up");
      }
    };
    const runs = [run(main("a")), run(main("b"))];
    say("ready");
    const ends = await Promise.allSettled(runs);
    say(ends.map(({ reason }) => reason.name).join());
  `);
  assertEquals(
    (await program.ended()).stdout,
    "ready\ncleaned up\ncleaned up\nInterruptError,InterruptError\n",
  );
});

Deno.test("Ctrl-C in a run inside a run ends both, once", async () => {
  const program = await interrupted(`
    await run(async () => {
      await run(async () => {
        say("ready");
        await sleep(60_000).finally(() => say("inner"));
      }).finally(() => say("outer"));
    }).catch((error) => say(error.name));
  `);
  assertEquals(
    (await program.ended()).stdout,
    "ready\ninner\nouter\nInterruptError\n",
  );
});

Deno.test("a group's children clean up before the program exits", async () => {
  const program = await interrupted(`
    await run(() => taskGroup((group) => {
      for (const i of [1, 2]) group.createTask(() => sleep(60_000).finally(() => say("child")));
      group.createTask(() => say("ready"));
    }));
  `);
  const { code, stdout } = await program.ended();
  assertEquals([code, stdout], [130, "ready\nchild\nchild\n"]);
});

Deno.test("without handleInterrupt, and after the end of the run, Ctrl-C is the runtime's", async () => {
  const without = await interrupted(`
    await run(() => { say("ready"); return sleep(60_000).finally(() => say("not reached")); },
      { handleInterrupt: false });
  `);
  assertEquals((await without.ended()).signal, "SIGINT");
  const after = await interrupted(`
    await run(() => sleep(0));
    say("ready");
    setTimeout(() => say("not reached"), 60_000);
  `);
  assertEquals((await after.ended()).signal, "SIGINT");
});

Deno.test("a run keeps the process alive no longer than it lasts", async () => {
  const program = await Program.start(
    `${IMPORTS} await run(() => sleep(1)); say("over");`,
  );
  assertEquals((await program.ended()).code, 0);
});

Deno.test("a runner's runs can be interrupted one by one", async () => {
  const program = await interrupted(`
    const runner = new Runner();
    await runner.run(() => { say("ready"); return sleep(60_000); }).catch((error) => say(error.name));
    await runner.run(() => { say("again"); return sleep(60_000); }).catch((error) => say(error.name));
    await runner.close();
    say("closed");
  `);
  await program.wrote("again");
  program.kill("SIGINT");
  const { code, stdout } = await program.ended();
  assertEquals([code, stdout], [
    0,
    "ready\nInterruptError\nagain\nInterruptError\nclosed\n",
  ]);
});
