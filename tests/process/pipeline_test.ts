import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CalledProcessError,
  DEVNULL,
  PIPE,
  pipeline,
  STDOUT,
  TimeoutExpiredError,
} from "@asyncio/asyncio/process";
import { CancelledError, createTask, run, sleep } from "@asyncio/asyncio/tasks";
import {
  isAlive,
  limitedWhenReady,
  livingIn,
  openFiles,
  until,
  zombies,
} from "./_processes.ts";

const CAPTURE = { captureOutput: true } as const;

/**
 * Calls `body` with the name of a file that a program can write its number
 * into.
 */
async function withPidFile(
  body: (file: string, pid: () => number) => Promise<void>,
): Promise<void> {
  const file = await Deno.makeTempFile();
  try {
    await body(file, () => Number(Deno.readTextFileSync(file)));
  } finally {
    await Deno.remove(file);
  }
}

/** A program that notes its number in `file`, and does `command`. */
function noting(file: string, command: string): [string, ...string[]] {
  return ["sh", "-c", `echo $$ > ${file}; ${command}`];
}

// --- The flow ----------------------------------------------------------------

Deno.test("each program reads what the one before it writes", async () => {
  const done = await pipeline([["sort"], ["uniq", "-c"]], {
    ...CAPTURE,
    input: "b\na\nb\n",
  });
  assertEquals(done.stdout?.split(/\s+/), ["", "1", "a", "2", "b", ""]);
  assertEquals(done.returnCodes, [0, 0]);
});

Deno.test("a pipeline of one program is that program", async () => {
  const done = await pipeline([["cat"]], { ...CAPTURE, input: "x" });
  assertEquals([done.stdout, done.returnCode], ["x", 0]);
});

Deno.test("a long pipeline is no problem", async () => {
  const input = "line\n".repeat(100_000);
  const commands = Array.from({ length: 20 }, () => ["cat"] as [string]);
  const done = await pipeline(commands, { ...CAPTURE, input });
  assert(done.stdout === input);
});

Deno.test("no shell looks at the arguments", async () => {
  const done = await pipeline(
    [["printf", "%s", "a | b; $X"], ["cat"]],
    CAPTURE,
  );
  assertEquals(done.stdout, "a | b; $X");
});

Deno.test("every program has a return code, and its messages", async () => {
  const done = await pipeline([
    ["sh", "-c", "echo one >&2; exit 1"],
    ["sh", "-c", "cat; echo two >&2; kill -9 $$"],
    ["sh", "-c", "cat; exit 3"],
  ], CAPTURE);
  assertEquals(done.returnCodes, [1, -9, 3]);
  assertEquals(done.returnCode, 3);
  assertEquals(
    done.processes.map(({ stderr }) => stderr),
    ["one\n", "two\n", ""],
  );
  assertEquals(done.processes.map(({ stdout }) => stdout), [
    undefined,
    undefined,
    "",
  ]);
});

Deno.test("with STDOUT the messages flow as well", async () => {
  const done = await pipeline([["sh", "-c", "echo bad >&2"], ["wc", "-c"]], {
    stdout: PIPE,
    stderr: STDOUT,
  });
  assertEquals(done.stdout?.trim(), "4");
});

Deno.test("output is captured as bytes, or not at all", async () => {
  const commands = [["printf", "A"], ["cat"]] as const;
  const bytes = await pipeline(commands, { ...CAPTURE, encoding: "buffer" });
  assertEquals(bytes.stdout, new Uint8Array([65]));
  const none = await pipeline(commands, { stdout: DEVNULL });
  assertEquals(none.stdout, undefined);
});

Deno.test("bytes flow no faster than they are read, and memory stays bounded", async () => {
  // Two hundred megabytes through two pipes.
  const before = Deno.memoryUsage().rss;
  const done = await pipeline([
    ["head", "-c", "200000000", "/dev/zero"],
    ["cat"],
    ["wc", "-c"],
  ], CAPTURE);
  assertEquals(done.stdout?.trim(), "200000000");
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < 100_000_000, `memory grew by ${grown} bytes`);
});

Deno.test("a writer waits for a reader that reads nothing", async () => {
  await withPidFile(async (file, pid) => {
    const task = createTask(() =>
      pipeline([noting(file, "exec yes"), ["sleep", "1000"]], {
        stdout: DEVNULL,
      })
    );
    await until(() => pid() > 0, "it has started");
    const written = () =>
      Number(
        /wchar: (\d+)/.exec(Deno.readTextFileSync(`/proc/${pid()}/io`))![1],
      );
    let last = -1;
    let same = 0;
    await until(() => {
      same = written() === last && last > 0 ? same + 1 : 0;
      last = written();
      return same === 100;
    }, "it writes no more");
    assert(last < 2_000_000, `it could write ${last} bytes`);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
  });
});

// --- One end goes ------------------------------------------------------------

Deno.test("a writer ends when its reader has read enough", async () => {
  const done = await pipeline([["yes"], ["head", "-n", "2"]], CAPTURE);
  assertEquals(done.stdout, "y\ny\n");
  assertEquals(done.returnCodes, [-13, 0]);
});

Deno.test("the end of the last one goes through to the first", async () => {
  const done = await pipeline(
    [["yes"], ["cat"], ["cat"], ["head", "-n", "1"]],
    {
      ...CAPTURE,
      killAfter: Infinity,
    },
  );
  assertEquals(done.returnCodes, [-13, -13, -13, 0]);
});

Deno.test("one that does not write is ended when its reader has been gone for killAfter", async () => {
  const done = await pipeline([["sleep", "1000"], ["true"]], { killAfter: 50 });
  assertEquals(done.returnCodes, [-15, 0]);
});

Deno.test("one that goes on after its pipe broke is ended when its reader has been gone for killAfter", async () => {
  await withPidFile(async (file) => {
    const broken = `${file}.broken`; // who reads from it waits for who writes
    const done = await pipeline([
      [
        "sh",
        "-c",
        `trap '' PIPE; mkfifo ${broken}; seq 1000000 2>&-; echo > ${broken}; exec sleep 1000`,
      ],
      [
        "sh",
        "-c",
        `read -r _; exec <&-; read -r _ < ${broken}; rm ${broken}`,
      ],
    ], { killAfter: 50 });
    assertEquals(done.returnCodes, [-15, 0]);
  });
});

Deno.test("one that still works after it closed its output is not ended", async () => {
  const done = await pipeline([
    ["sh", "-c", "echo x; exec >&-; sleep 0.2; exit 7"],
    ["cat"],
  ], { ...CAPTURE, killAfter: 1 });
  assertEquals([done.returnCodes, done.stdout], [[7, 0], "x\n"]);
});

Deno.test("the end of the first one is the end of the input of the others", async () => {
  const done = await pipeline([["true"], ["cat"], ["wc", "-c"]], CAPTURE);
  assertEquals(done.stdout?.trim(), "0");
});

Deno.test("one that closes its input breaks the pipe, and goes on itself", async () => {
  const done = await pipeline([
    ["yes"],
    ["sh", "-c", "exec <&-; sleep 0.1; echo done"],
  ], CAPTURE);
  assertEquals([done.returnCodes, done.stdout], [[-13, 0], "done\n"]);
});

Deno.test("input for a program that reads none of it is no failure", async () => {
  const input = new Uint8Array(1 << 20);
  const done = await pipeline([["true"], ["cat"]], { ...CAPTURE, input });
  assertEquals(done.returnCodes, [0, 0]);
});

// --- check -------------------------------------------------------------------

Deno.test("check throws the first one that failed", async () => {
  const error = await assertRejects(
    () =>
      pipeline([["sh", "-c", "exit 4"], ["sh", "-c", "cat; exit 5"]], {
        check: true,
      }),
    CalledProcessError,
  );
  assertEquals([error.cmd, error.returnCode], [["sh", "-c", "exit 4"], 4]);
});

Deno.test("check lets a writer pass whose reader had read enough", async () => {
  const done = await pipeline([["yes"], ["head", "-n", "1"]], {
    ...CAPTURE,
    check: true,
  });
  assertEquals(done.stdout, "y\n");
});

Deno.test("a broken pipe of the last one is a failure", async () => {
  const done = await pipeline([["true"], ["sh", "-c", "kill -PIPE $$"]]);
  assertThrows(() => done.checkReturnCodes(), CalledProcessError, "signal 13");
});

// --- Limits, cancels, failures -----------------------------------------------

Deno.test("a timeout ends all of them, and says what came so far", async () => {
  await withPidFile((file, pid) =>
    limitedWhenReady(async (ready) => {
      const reader = ["sh", "-c", `read -r x; echo $x; ${ready}; cat`] as const;
      const error = await assertRejects(
        () =>
          pipeline([noting(file, "echo x; sleep 1000"), [...reader]], {
            ...CAPTURE,
            timeout: 400,
          }),
        TimeoutExpiredError,
        "| sh",
      );
      assertEquals([error.stdout, error.idle], ["x\n", false]);
      assertEquals(livingIn(pid()), []);
      assertEquals(zombies(), []);
    })
  );
});

Deno.test("bytes that move while a pipeline with idleTimeout is cancelled leave no pipe open", async () => {
  const before = openFiles();
  for (let i = 0; i < 5; i++) {
    const task = createTask(() =>
      pipeline([["yes"], ["cat"]], {
        ...CAPTURE,
        idleTimeout: 60_000,
        killAfter: 0,
      })
    );
    await sleep(20); // for bytes to flow
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
  }
  await until(() => openFiles() <= before, "all is closed");
});

Deno.test("idleTimeout ends a pipeline that is stuck", async () => {
  const error = await assertRejects(
    () => pipeline([["sleep", "1000"], ["cat"]], { idleTimeout: 50 }),
    TimeoutExpiredError,
    "idle",
  );
  assertEquals(error.idle, true);
});

Deno.test("a cancel ends all of them, stubborn ones too", async () => {
  await withPidFile(async (file, pid) => {
    const stubborn = noting(file, "trap '' TERM; sleep 1000; sleep 1000");
    const task = createTask(() =>
      pipeline([["yes"], stubborn, ["cat"]], { ...CAPTURE, killAfter: 30 })
    );
    await until(() => pid() > 0, "it has started");
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    assertEquals(livingIn(pid()), []);
    assertEquals(zombies(), []);
  });
});

Deno.test("a cancel while they are being started ends those that were", async () => {
  // At every moment of the start once.
  for (let turns = 0; turns < 20; turns++) {
    const task = createTask(() =>
      pipeline([["yes"], ["cat"], ["cat"]], CAPTURE)
    );
    for (let i = 0; i < turns * turns; i++) await sleep(0);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    assertEquals(zombies(), []);
  }
});

Deno.test("an abort ends all of them and rejects with its reason", async () => {
  const controller = new AbortController();
  const running = pipeline([["yes"], ["cat"]], {
    stdout: DEVNULL,
    signal: controller.signal,
  });
  controller.abort(new Error("enough"));
  await assertRejects(() => running, Error, "enough");
  assertEquals(zombies(), []);
});

Deno.test("the end of the run ends a pipeline", async () => {
  await withPidFile(async (file, pid) => {
    await run(async () => {
      createTask(() => pipeline([noting(file, "sleep 1000"), ["cat"]]));
      await until(() => pid() > 0, "it has started");
    });
    assertEquals(isAlive(pid()), false);
  });
});

Deno.test("where one is missing, those before it are ended", async () => {
  await withPidFile(async (file, pid) => {
    await assertRejects(
      () => pipeline([noting(file, "sleep 1000"), ["no-such-program"]]),
      Deno.errors.NotFound,
      "no-such-program",
    );
    if (pid() > 0) assertEquals(isAlive(pid()), false);
    assertEquals(zombies(), []);
  });
});

Deno.test("a pipeline leaves no pipe open", async () => {
  const commands = [["yes"], ["cat"], ["head", "-n", "1"]] as const;
  await pipeline(commands, CAPTURE);
  const before = openFiles();
  for (let i = 0; i < 5; i++) await pipeline(commands, CAPTURE);
  await until(() => openFiles() <= before, "all pipes are closed");
});

Deno.test("wrong commands are refused", async () => {
  for (const wrong of [[], "sort", [[]], [["a"], "b"], undefined]) {
    await assertRejects(
      // deno-lint-ignore no-explicit-any -- wrong on purpose
      () => pipeline(wrong as any),
      TypeError,
      "list of programs",
    );
  }
});
