import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { has } from "../../_helpers/installed.ts";
import { Monitors, programForTests } from "./_monitored.ts";

/** A ring, a group in a timeout, and waiters in queues. */
const PROGRAM = `
  t.run(async () => {
    const ring = [];
    ring.push(t.createTask(async () => { await t.sleep(1); await ring[1]; }, { name: "hen" }));
    ring.push(t.createTask(async () => { await t.sleep(1); await ring[0]; }, { name: "egg" }));
    const lock = new sync.Lock();
    await lock.acquire();
    await listening();
    t.createTask(async () => { for (;;) await t.sleep(5); }, { name: "busy one" });
    await t.timeout(3_600_000, () => t.taskGroup(async (group) => {
      for (const name of ["ada", "bob"]) {
        group.createTask(async () => {
          try {
            await lock.acquire();
          } catch (error) {
            console.log(name, error.name);
            throw error;
          }
        }, { name });
      }
      await t.sleep(20);
      console.log("ready");
    }));
    await t.sleep(3_600_000); // the answer to the last cancel is to be heard
  });
`;

const shared = programForTests(PROGRAM);

/** Looks into a program: one that all these tests share, unless there is `code`. */
async function withProgram(
  fn: (monitors: Monitors, pid: number) => Promise<void>,
  code?: string,
): Promise<void> {
  if (code === undefined) {
    const { monitors, program } = shared();
    return await fn(monitors, program.pid);
  }
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(code);
  await fn(monitors, pid);
}

Deno.test("monitor tree: tasks, groups and timeouts, each below what it is in", () =>
  withProgram(async (monitors, pid) => {
    const { code, out } = await monitors.cli(["tree", pid]);

    assertEquals(code, 0);
    assertEquals(
      out.replace(/, for [\d.]+ m?s/g, "").replace(/5\d min/, "60 min"),
      `\
a ring, each waits for another: 2 "hen", 3 "egg"
task 2 "hen" (in a ring): waits for task "egg"
└─ task 3 "egg" (in a ring): waits for task "hen"
task 1 "Task-1": waits for taskGroup
└─ timeout, 60 min left
   └─ group of 2
      ├─ task 5 "ada": waits for Lock.acquire
      └─ task 6 "bob": waits for Lock.acquire
task 4 "busy one": waits for sleep 5`,
    );
  }));

Deno.test("monitor tree --json: the same for programs", () =>
  withProgram(async (monitors, pid) => {
    const { rings, tree } = await monitors.json("tree", pid);

    assertEquals(rings, [[2, 3]]);
    const [hen, main] = tree;
    assertEquals([hen.name, hen.inRing, hen.children[0].name], [
      "hen",
      true,
      "egg",
    ]);
    const [timeout] = main.children;
    assertEquals([timeout.kind, timeout.children[0].kind], [
      "timeout",
      "group",
    ]);
    assert(timeout.left > 3_000_000);
  }));

Deno.test("monitor tree: a shield, and a task below the one that waits for it", () =>
  withProgram(
    async (monitors, pid) => {
      const { out } = await monitors.cli(["tree", pid]);
      assertEquals(
        out.replace(/, for [\d.]+ m?s/g, ""),
        `\
task 1 "Task-1": waits for sleep 90000
└─ shield
task 2 "outer": waits for task "inner"
└─ task 3 "inner": waits for something foreign`,
      );
    },
    `
    t.run(async () => {
      await listening();
      let inner;
      t.createTask(async () => {
        inner = t.createTask(() => new Promise(() => {}), { name: "inner" });
        await inner;
      }, { name: "outer" });
      await t.sleep(20);
      console.log("ready");
      await t.shielded(() => t.sleep(90_000));
    });
  `,
  ));

Deno.test("monitor: in debug mode the lines where tasks wait, were made, and took what they hold", () =>
  withProgram(
    async (monitors, pid) => {
      const { out } = await monitors.cli(["tree", pid]);
      assertMatch(out, /waits for Lock.acquire, for .*\n.* at .*:\d+:\d+/);
      assertMatch(out, /holds a Lock, taken at .*:\d+:\d+/);
      assertMatch(out, /made at .*:\d+:\d+/);
    },
    `
    t.run(async () => {
      await listening();
      const lock = new sync.Lock();
      await lock.acquire();
      t.createTask(async () => {
        await lock.acquire();
      });
      await t.sleep(20);
      console.log("ready");
      await t.sleep(60_000);
    }, { debug: true });
  `,
  ));

Deno.test("monitor top: the tasks by the time waited, their steps, and the queues with most waiters", () =>
  withProgram(async (monitors, pid) => {
    const { code, out } = await monitors.cli([
      "top",
      pid,
      "--count",
      1,
      "--interval",
      300,
    ]);

    assertEquals(code, 0);
    assertMatch(
      out,
      /^\S+, process \d+; 6 tasks; [1-9]\d* steps\/s; 0 tasks\/s made, 0 ended; the loop is [\d.]+ m?s late, [\d.]+ m?s in the last minute\n/,
    );
    assertMatch(out, / 4 +[1-9]\d* .* busy one +sleep 5\n/);
    assertMatch(
      out,
      /WAITERS +LONGEST +IN +FIRST\n +2 .* Lock.acquire +5 "ada"$/,
    );
    const names = [...out.matchAll(/"?(hen|egg|ada|bob|busy one) {2}/g)]
      .map(([, name]) => name);
    assertEquals(names.length, 5);
    assertEquals(names.at(-1), "busy one");
  }));

Deno.test("monitor top --json: a line for each sample", () =>
  withProgram(async (monitors, pid) => {
    const { out } = await monitors.cli([
      "top",
      pid,
      "--json",
      "--count",
      3,
      "--interval",
      100,
      "--limit",
      3,
    ]);

    const samples = out.split("\n").map((line) => JSON.parse(line));
    assertEquals(samples.length, 3);
    assert(samples.some(({ stepsPerSecond }) => stepsPerSecond > 0));
    for (const { total, tasks, queues } of samples) {
      assertEquals([total, tasks.length], [6, 3]);
      assertEquals(queues[0].waiting, 2);
      assertEquals(queues[0].first, 5);
    }
  }));

Deno.test("monitor top: ends with the program", () =>
  withProgram(
    async (monitors, pid) => {
      await using top = await monitors.startCli([
        "top",
        String(pid),
        "--interval",
        "10",
      ]);
      const text = new TextDecoder();
      // On a slow machine the loop may be busy at first.
      while (!/ 1 task;/.test(text.decode(await top.stdout!.readLine())));
      await Deno.writeTextFile(`${monitors.runtimeDir}/end`, "");
      const { stderr } = await top.communicate();
      assertEquals(
        new TextDecoder().decode(stderr!),
        "the program has ended\n",
      );
      assertEquals(await top.wait(), 0);
    },
    `
    t.run(async () => {
      await listening();
      console.log("ready");
      const end = Deno.env.get("XDG_RUNTIME_DIR") + "/end";
      while (!(await Deno.stat(end).catch(() => undefined))) await t.sleep(10);
    });
  `,
  ));

Deno.test("monitor cancel: a task by its number or its name", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(PROGRAM);
  const { pid } = program;

  assertEquals(await monitors.cli(["cancel", pid, "ada"]), {
    code: 0,
    out: 'cancelled task 5 "ada"',
    err: "",
  });
  await program.wrote("ada CancelledError");
  assertEquals(await monitors.json("cancel", pid, 6), { id: 6, name: "bob" });
  await program.wrote("bob CancelledError");
});

Deno.test("monitor cancel: one of several with a name has to be named by its number", () =>
  withProgram(
    async (monitors, pid) => {
      const { code, out, err } = await monitors.cli(["cancel", pid, "twin"]);
      assertEquals({ code, out }, { code: 1, out: "" });
      assertEquals(
        err,
        '2 tasks are called "twin": say which one by its number, 2, 3',
      );
    },
    `
    t.run(async () => {
      t.createTask(() => t.sleep(60_000), { name: "twin" });
      t.createTask(() => t.sleep(60_000), { name: "twin" });
      await listening();
      console.log("ready");
      await t.sleep(60_000);
    });
  `,
  ));

Deno.test("monitor: names that would command a terminal are shown as text", () =>
  withProgram(
    async (monitors, pid) => {
      for (const command of ["ps", "tree"]) {
        const { out } = await monitors.cli([command, pid]);
        assertStringIncludes(out, "bad\\u001b[2J\\u202ename");
        assert(!out.includes("\u001b") && !out.includes("\u202e"));
      }
      const { out } = await monitors.cli(["--json", "ps", pid]);
      assert(!out.includes("\u001b") && !out.includes("\u202e"));
      assertEquals(JSON.parse(out)[1].name, "bad\u001b[2J\u202ename\n");
    },
    `
    t.run(async () => {
      t.createTask(() => t.sleep(60_000), { name: "bad\\u001b[2J\\u202ename\\n" });
      await listening();
      console.log("ready");
      await t.sleep(60_000);
    });
  `,
  ));

Deno.test({
  name: "monitor: colours on a terminal only, and not with NO_COLOR",
  ignore: !has("script"),
  fn: () =>
    withProgram(async (monitors, pid) => {
      const onTerminal = async (noColor: string) => {
        const command =
          `${Deno.execPath()} run -A --quiet tasks/monitor.ts tree ${pid}`;
        while (true) {
          const { stdout } = await new Deno.Command("script", {
            args: ["-qec", command, "/dev/null"],
            cwd: new URL("../../../", import.meta.url),
            env: { XDG_RUNTIME_DIR: monitors.runtimeDir, NO_COLOR: noColor },
            stdin: "null",
          }).output();
          const shown = new TextDecoder().decode(stdout);
          if (!shown.includes("the loop has been busy")) return shown;
        }
      };

      assertStringIncludes(
        await onTerminal(""),
        '\u001b[31mtask 2 "hen" (in a ring)',
      );
      assert(!(await onTerminal("1")).includes("\u001b[31m"));
      const { out } = await monitors.cli(["tree", pid]);
      assert(!out.includes("\u001b"));
    }),
});

Deno.test("monitor: a program that reads the output may stop at any time", () =>
  withProgram(async (monitors, pid) => {
    const command =
      `${Deno.execPath()} run -A --quiet tasks/monitor.ts top ${pid} --interval 1 | grep -m 1 6.tasks; echo ended`;
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", command],
      cwd: new URL("../../../", import.meta.url),
      env: { XDG_RUNTIME_DIR: monitors.runtimeDir },
    }).output();

    assertMatch(new TextDecoder().decode(stdout), /6 tasks.*\nended\n$/);
    assertEquals(new TextDecoder().decode(stderr), "");
  }));

Deno.test("monitor: a request of a task that was cancelled before is not sent", async () => {
  await using monitors = await Monitors.create();
  const connection = new URL(
    "../../../tasks/monitor/client/connection.ts",
    import.meta.url,
  );
  const program = await monitors.start(`
    import { Connection } from "${connection}";
    await t.run(async () => {
      await listening();
      await using program = await Connection.open(String(Deno.pid));
      const victim = t.createTask(() => t.sleep(1e6), { name: "victim" });
      const asking = t.createTask(() => {
        asking.cancel();
        return program.request({ op: "cancel", task: "victim" });
      });
      await asking.catch(() => {});
      await program.request({ op: "tasks" }); // an answer after that to "cancel"
      console.log(asking.cancelled, victim.cancelling);
    });
  `);

  const { code, stdout, stderr } = await program.ended();

  assertEquals([code, stdout, stderr], [0, "true 0\n", ""]);
});

Deno.test("monitor: a command without a process lists those that can be looked into", () =>
  withProgram(async (monitors, pid) => {
    const { code, err } = await monitors.cli(["ps"]);

    assertEquals(code, 1);
    assertMatch(
      err,
      /^ps needs the id of a process; these can be looked into:/,
    );
    assertMatch(err, new RegExp(`^${pid}  file:`, "m"));
  }));

/** Command lines that make no sense, and what is said of them. */
const BAD_LINES: Record<string, string> = {
  "explode 1": "there is no command explode",
  "constructor 1": "there is no command constructor",
  "ps 1 --interval 0": "--interval is a whole number, at least 1, received 0",
  "ps 1 --colour": "Unknown option '--colour'",
};

for (const [line, message] of Object.entries(BAD_LINES)) {
  Deno.test(`monitor ${line}: the usage, and exit code 2`, async () => {
    await using monitors = await Monitors.create();
    const { code, out, err } = await monitors.cli(line.split(" "));
    assertEquals({ code, out }, { code: 2, out: "" });
    assert(err.startsWith(message), err);
    assertStringIncludes(err, "usage: monitor [--json] COMMAND PID");
  });
}

Deno.test("monitor cancel without a task: the usage, and exit code 2", () =>
  withProgram(async (monitors, pid) => {
    const { code, err } = await monitors.cli(["cancel", pid]);
    assertEquals(code, 2);
    assertMatch(err, /^cancel needs the number or the name of one task/);
  }));

Deno.test("monitor --help: how it is used", async () => {
  await using monitors = await Monitors.create();
  const { code, out } = await monitors.cli(["--help"]);
  assertEquals(code, 0);
  assertMatch(out, /^usage: monitor/);
});

Deno.test("monitor: a program that was stopped is said not to answer", () =>
  withProgram(async (monitors, pid) => {
    Deno.kill(pid, "SIGSTOP");
    try {
      const { code, err } = await monitors.cli(["ps", pid]);
      assertEquals(code, 1);
      assertEquals(
        err,
        `the program ${pid} does not answer: it may have been stopped`,
      );
    } finally {
      Deno.kill(pid, "SIGCONT");
    }
  }, PROGRAM));
