import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  CalledProcessError,
  CompletedProcess,
  DEVNULL,
  INHERIT,
  PIPE,
  runSubprocess,
  type RunSubprocessOptions,
  STDOUT,
  TimeoutExpiredError,
} from "@asyncio/asyncio/process";
import {
  CancelledError,
  createTask,
  run,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { Folder } from "../_helpers/folder.ts";
import { reportsOf } from "../_helpers/reports.ts";
import {
  isAlive,
  limitedWhenReady,
  livingIn,
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

// --- What comes out ----------------------------------------------------------

Deno.test("a list is a program and its arguments", async () => {
  const done = await runSubprocess(["echo", "$HOME  *"], CAPTURE);
  assertInstanceOf(done, CompletedProcess);
  assertEquals(done.args, ["echo", "$HOME  *"]);
  assertEquals(done.returnCode, 0);
  assertEquals(done.stdout, "$HOME  *\n");
  assertEquals(done.stderr, "");
});

Deno.test("the text of an output is all of it, also blanks and empty lines at its ends", async () => {
  const done = await runSubprocess(
    ["printf", " M a.txt\\n M b.txt\\n\\n"],
    CAPTURE,
  );
  assertEquals(done.stdout, " M a.txt\n M b.txt\n\n");
});

Deno.test("a string goes through the shell", async () => {
  const done = await runSubprocess("echo a b | wc -w; exit 2", CAPTURE);
  assertEquals(done.args, "echo a b | wc -w; exit 2");
  assertEquals([done.stdout?.trim(), done.returnCode], ["2", 2]);
});

Deno.test("what is not captured is undefined", async () => {
  const done = await runSubprocess("echo out; echo err >&2", {
    stdout: DEVNULL,
    stderr: DEVNULL,
  });
  assertEquals([done.stdout, done.stderr], [undefined, undefined]);
});

Deno.test("what is piped is captured", async () => {
  const done = await runSubprocess("echo out; echo err >&2", {
    stdout: PIPE,
    stderr: DEVNULL,
  });
  assertEquals([done.stdout, done.stderr], ["out\n", undefined]);
});

Deno.test("what is given goes before captureOutput", async () => {
  const merged = await runSubprocess("echo out; echo err >&2", {
    ...CAPTURE,
    stderr: STDOUT,
  });
  assertEquals([merged.stdout, merged.stderr], ["out\nerr\n", undefined]);
});

Deno.test("encoding buffer gives bytes", async () => {
  const done = await runSubprocess(["printf", "\\377"], {
    ...CAPTURE,
    encoding: "buffer",
  });
  assertEquals(done.stdout, new Uint8Array([255]));
});

Deno.test("text keeps a byte order mark that it starts with", async () => {
  const done = await runSubprocess(["cat"], { ...CAPTURE, input: "\ufeffx" });
  assertEquals(done.stdout, "\ufeffx");
});

Deno.test("input is fed, as text and as bytes", async () => {
  const options = { ...CAPTURE, input: "ä" };
  assertEquals((await runSubprocess(["cat"], options)).stdout, "ä");
  const bytes = { ...CAPTURE, input: new Uint8Array([65]) };
  assertEquals((await runSubprocess(["cat"], bytes)).stdout, "A");
});

Deno.test("without input, there is nothing to read", async () => {
  assertEquals((await runSubprocess(["cat"], CAPTURE)).stdout, "");
  const piped = { ...CAPTURE, stdin: PIPE };
  assertEquals((await runSubprocess(["cat"], piped)).stdout, "");
});

Deno.test("cwd and env are passed on", async () => {
  const done = await runSubprocess("pwd; echo $X", {
    ...CAPTURE,
    cwd: "/usr",
    env: { X: "y" },
  });
  assertEquals(done.stdout, "/usr\ny\n");
});

Deno.test("a signal is a negative return code", async () => {
  assertEquals((await runSubprocess("kill -9 $$")).returnCode, -9);
});

Deno.test("a completed process prints itself", async () => {
  const done = await runSubprocess(["true"]);
  assertEquals(
    Deno.inspect(done),
    'CompletedProcess { args: [ "true" ], returnCode: 0 }',
  );
});

// --- check -------------------------------------------------------------------

Deno.test("check lets 0 pass and throws everything else", async () => {
  await runSubprocess(["true"], { check: true });
  const error = await assertRejects(
    () =>
      runSubprocess("echo out; echo bad >&2; exit 3", {
        ...CAPTURE,
        check: true,
      }),
    CalledProcessError,
    "ended with code 3: bad",
  );
  assertEquals(error.name, "CalledProcessError");
  assertEquals(error.cmd, "echo out; echo bad >&2; exit 3");
  assertEquals(error.returnCode, 3);
  assertEquals([error.stdout, error.stderr], ["out\n", "bad\n"]);
});

Deno.test("the message has no more than the end of a long last line", () => {
  const long = `first\n${"x".repeat(5000)}end\n\n`;
  for (
    const stderr of [long, new TextEncoder().encode(long), long.split("\n")]
  ) {
    const { message } = new CalledProcessError("cmd", 1, { stderr });
    assertEquals(message.length, '"cmd" ended with code 1: …'.length + 1000);
    assertEquals(message.endsWith("xend"), true);
  }
});

Deno.test("check throws a signal", async () => {
  const error = await assertRejects(
    () => runSubprocess("kill $$", { check: true }),
    CalledProcessError,
    "signal 15",
  );
  assertEquals(error.returnCode, -15);
});

Deno.test("checkReturnCode checks later", async () => {
  (await runSubprocess(["true"])).checkReturnCode();
  const done = await runSubprocess(["false"]);
  assertThrows(() => done.checkReturnCode(), CalledProcessError, "code 1");
});

Deno.test("check leaves what runs on in the background alone", async () => {
  await withPidFile(async (file, pid) => {
    const command = `sleep 1000 & echo $! > ${file}; exit 1`;
    await assertRejects(
      () => runSubprocess(command, { check: true }),
      CalledProcessError,
    );
    assertEquals(isAlive(pid()), true);
    Deno.kill(pid(), "SIGKILL");
  });
});

// --- Limits on time ----------------------------------------------------------

Deno.test("at the timeout the program is ended, and what it wrote so far is there", async () => {
  await withPidFile((file, pid) =>
    limitedWhenReady(async (ready) => {
      const command =
        `echo $$ > ${file}; echo out; echo err >&2; ${ready}; sleep 1000`;
      const error = await assertRejects(
        () => runSubprocess(command, { ...CAPTURE, timeout: 400 }),
        TimeoutExpiredError,
        "did not end within 400 ms",
      );
      assertInstanceOf(error, TimeoutError);
      assertEquals(error.name, "TimeoutExpiredError");
      assertEquals([error.cmd, error.timeout, error.idle], [
        command,
        400,
        false,
      ]);
      assertEquals([error.stdout, error.stderr], ["out\n", "err\n"]);
      assertEquals(livingIn(pid()), []);
      assertEquals(zombies(), []);
    })
  );
});

Deno.test("what was captured so far is bytes where bytes were asked for", async () => {
  const error = await limitedWhenReady((ready) =>
    assertRejects(
      () =>
        runSubprocess(`printf A; ${ready}; sleep 1000`, {
          ...CAPTURE,
          encoding: "buffer",
          timeout: 400,
        }),
      TimeoutExpiredError,
    )
  );
  assertEquals(error.stdout, new Uint8Array([65]));
});

/** Writes a line when it is asked to end, and does what a broken pipe ends. */
function farewell(file: string): string {
  return `trap 'echo bye; echo ended > ${file}; exit 1' TERM; echo ready
    while :; do sleep 0.01; done`;
}

/** Calls `ready` with what an output has brought. */
function onOutput(ready: () => void): WritableStream<Uint8Array> {
  return new WritableStream({ write: ready });
}

Deno.test("at the timeout, what the program writes until its end is there", async () => {
  const file = await Deno.makeTempFile();
  const clock = new VirtualClock({ autoJump: false });
  const error = await run(() =>
    assertRejects(
      () =>
        runSubprocess(farewell(file), {
          stdout: [PIPE, onOutput(() => void clock.advance(400))],
          all: true,
          stderr: DEVNULL, // the shell reports there what has ended
          timeout: 400,
        }),
      TimeoutExpiredError,
    ), { clock });
  assertEquals([error.stdout, error.all], ["ready\nbye\n", "ready\nbye\n"]);
  assertEquals(await Deno.readTextFile(file), "ended\n");
  await Deno.remove(file);
});

Deno.test("a cancel and an abort let the program write until its end", async () => {
  for (const way of ["cancel", "abort"]) {
    const file = await Deno.makeTempFile();
    const controller = new AbortController();
    await run(async () => {
      const task = createTask(() =>
        runSubprocess(farewell(file), {
          stdout: [PIPE, onOutput(end)],
          signal: controller.signal,
        })
      );
      function end(): void {
        if (way === "abort") controller.abort(new RangeError("enough"));
        else task.cancel();
      }
      const kind = way === "abort" ? RangeError : CancelledError;
      await assertRejects(async () => await task, kind);
    });
    assertEquals(await Deno.readTextFile(file), "ended\n");
    await Deno.remove(file);
  }
});

Deno.test("a program that writes too much while it is ended is ended at once", async () => {
  await withPidFile((file, last) =>
    limitedWhenReady(async (ready) => {
      const error = await assertRejects(
        () =>
          runSubprocess(
            `trap 'yes; echo $$ >${file}; exit' TERM; echo; ${ready}
          while :; do sleep 0.01; done`,
            {
              ...CAPTURE,
              maxBuffer: 1000,
              idleTimeout: 400,
              killAfter: 20_000,
            },
          ),
        TimeoutExpiredError,
      );
      assertEquals((error.stdout as string).length, 1000);
      assertEquals(
        last() > 0,
        true,
        "it ended by itself, before it was killed",
      );
    })
  );
});

Deno.test("a timeout ends a group that ignores SIGTERM", async () => {
  await withPidFile((file, pid) =>
    limitedWhenReady(async (ready) => {
      const command =
        `trap '' TERM; echo $$ > ${file}; ${ready}; sh -c 'sleep 1000; :' & sleep 1000; sleep 1000`;
      await assertRejects(
        () =>
          runSubprocess(command, { ...CAPTURE, timeout: 50, killAfter: 20 }),
        TimeoutExpiredError,
      );
      assertEquals(livingIn(pid()), []);
    })
  );
});

Deno.test("a timeout settles though a descendant left the group and holds the pipe", async () => {
  await withPidFile((file, pid) =>
    limitedWhenReady(async (ready) => {
      const command =
        `echo out; setsid sh -c 'echo $$ > ${file}; ${ready}; sleep 1000' &`;
      const error = await assertRejects(
        () => runSubprocess(command, { ...CAPTURE, timeout: 400 }),
        TimeoutExpiredError,
      );
      assertEquals(error.stdout, "out\n");
      assertEquals(isAlive(pid()), true);
      Deno.kill(-pid(), "SIGKILL");
    })
  );
});

Deno.test("a cancel that waits for the last output of a program, which one that has left holds open, is not reported", async () => {
  await withPidFile(async (file, pid) => {
    const command =
      `setsid sh -c 'echo $$ > ${file}; exec sleep 1000' & sleep 1000`;
    const reports = await reportsOf(async () => {
      const task = createTask(() => runSubprocess(command, CAPTURE));
      await until(() => pid() > 0, "the program has left");
      task.cancel();
      await assertRejects(async () => await task, CancelledError);
    }, { cancelReportAfter: 1 });
    Deno.kill(pid(), "SIGKILL");
    assertEquals(reports, []);
  });
});

Deno.test("a timeout reaches a descendant though the program has ended", async () => {
  await withPidFile((file, pid) =>
    limitedWhenReady(async (ready) => {
      const command = `sleep 1000 & echo $! > ${file}; ${ready}; exit 0`;
      await assertRejects(
        () => runSubprocess(command, { ...CAPTURE, timeout: 400 }),
        TimeoutExpiredError,
      );
      assertEquals(isAlive(pid()), false);
    })
  );
});

Deno.test("with a timeout of 0 nothing is started", async () => {
  for (const limit of [{ timeout: 0 }, { timeout: -1 }, { idleTimeout: 0 }]) {
    await withPidFile(async (file, pid) => {
      const error = await assertRejects(
        () =>
          runSubprocess(`echo $$ > ${file}; sleep 1000`, {
            ...CAPTURE,
            ...limit,
          }),
        TimeoutExpiredError,
      );
      if ("timeout" in limit) assertEquals(pid(), 0);
      else assert(error.idle);
    });
  }
});

Deno.test("a program that is stuck runs into idleTimeout", async () => {
  const error = await limitedWhenReady((ready) =>
    assertRejects(
      () =>
        runSubprocess(`echo out; ${ready}; sleep 1000`, {
          ...CAPTURE,
          idleTimeout: 400,
        }),
      TimeoutExpiredError,
      "was idle for 400 ms",
    )
  );
  assertEquals([error.timeout, error.idle, error.stdout], [400, true, "out\n"]);
});

/**
 * Runs a program with an `idleTimeout` that does `step` when it is told to, five
 * times. Between the steps more than half of that time passes.
 *
 * @param isDone Whether that step has been noticed.
 */
async function runInSteps(
  step: string,
  options: RunSubprocessOptions,
  isDone: (number: number) => boolean,
): Promise<{ returnCode: number }> {
  await using folder = new Folder();
  const script =
    `for i in 1 2 3 4 5; do until [ -e ${folder.path}/$i ]; do sleep 0.01; done; ${step}; done`;
  const clock = new VirtualClock({ autoJump: false });
  const running = run(
    () => runSubprocess(script, { ...options, idleTimeout: 100 }),
    { clock },
  );
  running.catch(() => {});
  await until(() => isDone(0), "it has begun");
  for (let number = 1; number <= 5; number++) {
    await clock.advance(60);
    Deno.writeTextFileSync(`${folder.path}/${number}`, "");
    await until(() => isDone(number), `it has done step ${number}`);
  }
  return await running;
}

Deno.test("a program that takes long, but goes on, does not run into idleTimeout", async () => {
  let lines = "";
  const stdout = new WritableStream<Uint8Array>({
    write: (chunk) => void (lines += new TextDecoder().decode(chunk)),
  });
  const { returnCode } = await runInSteps(
    "echo",
    { stdout },
    (number) => lines.length === number,
  );
  assertEquals([returnCode, lines], [0, "\n".repeat(5)]);
});

Deno.test("reading its input is no standing still", async () => {
  const chunk = new Uint8Array(2 ** 21); // more than the system keeps
  let asked = 0;
  async function* input() {
    while (asked < 6) {
      asked++;
      yield chunk;
    }
  }
  const { returnCode } = await runInSteps(
    `head -c ${chunk.length} > /dev/null`,
    { input: input() },
    (number) => asked > number,
  );
  assertEquals([returnCode, asked], [0, 6]);
});

Deno.test("of both limits, the one that is over first is the one that is told", async () => {
  const stuck = await assertRejects(
    () =>
      runSubprocess(["sleep", "1000"], {
        ...CAPTURE,
        idleTimeout: 20,
        timeout: 60_000,
      }),
    TimeoutExpiredError,
  );
  assertEquals(stuck.idle, true);
  const long = await assertRejects(
    () =>
      runSubprocess(["sleep", "1000"], {
        ...CAPTURE,
        idleTimeout: 60_000,
        timeout: 20,
      }),
    TimeoutExpiredError,
  );
  assertEquals(long.idle, false);
});

Deno.test("a program that ends in time leaves no timer behind", async () => {
  const limits = { timeout: 60_000, idleTimeout: 60_000 };
  await runSubprocess(["true"], { ...CAPTURE, ...limits });
});

Deno.test("a timeout around it is not mistaken for its own", async () => {
  const error = await assertRejects(
    () =>
      waitFor(
        () => runSubprocess(["sleep", "1000"], { timeout: 60_000 }),
        20,
      ),
    TimeoutError,
  );
  assertEquals(error instanceof TimeoutExpiredError, false);
  assertEquals(zombies(), []);
});

// --- Cancels and signals -----------------------------------------------------

Deno.test("a cancel ends the group, and comes when that has ended", async () => {
  await withPidFile(async (file, pid) => {
    const command =
      `trap '' TERM; sleep 1000 & echo $$ > ${file}; wait; sleep 1000`;
    const task = createTask(() =>
      runSubprocess(command, { ...CAPTURE, killAfter: 20 })
    );
    await until(() => pid() > 0, "it has started");
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    assertEquals(livingIn(pid()), []);
    assertEquals(zombies(), []);
  });
});

Deno.test("a cancel in the turn of the call starts nothing, or ends what it started", async () => {
  for (const eager of [true, false]) {
    const task = createTask(() => runSubprocess(["sleep", "1000"]), { eager });
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    assertEquals(zombies(), []);
  }
});

Deno.test("a second cancel while the program is being ended changes nothing", async () => {
  await withPidFile(async (file, pid) => {
    const command = `trap '' TERM; echo $$ > ${file}; sleep 1000; sleep 1000`;
    const task = createTask(() =>
      runSubprocess(command, { stdin: DEVNULL, killAfter: 50 })
    );
    await until(() => pid() > 0, "it has started");
    task.cancel();
    await until(() => livingIn(pid()).length < 2, "SIGTERM has arrived");
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    assertEquals(livingIn(pid()), []);
  });
});

Deno.test("an abort ends the group and rejects with its reason", async () => {
  await withPidFile(async (file, pid) => {
    const controller = new AbortController();
    const { signal } = controller;
    const command = `sleep 1000 & echo $$ > ${file}; wait`;
    const running = runSubprocess(command, { ...CAPTURE, signal });
    await until(() => pid() > 0, "it has started");
    controller.abort(new Error("enough"));
    await assertRejects(() => running, Error, "enough");
    assertEquals(livingIn(pid()), []);
  });
});

Deno.test("with a signal aborted before, nothing is started", async () => {
  await withPidFile(async (file, pid) => {
    const signal = AbortSignal.abort(new Error("enough"));
    await assertRejects(
      () => runSubprocess(`echo $$ > ${file}`, { signal }),
      Error,
      "enough",
    );
    assertEquals(pid(), 0);
  });
});

Deno.test("the end of the run ends what runs in it", async () => {
  await withPidFile(async (file, pid) => {
    await run(async () => {
      createTask(() => runSubprocess(`echo $$ > ${file}; sleep 1000`));
      await until(() => pid() > 0, "it has started");
    });
    assertEquals(livingIn(pid()), []);
  });
});

// --- Misuse ------------------------------------------------------------------

Deno.test("wrong arguments are refused, and nothing is started", async () => {
  await withPidFile(async (file, pid) => {
    const wrong = (options: unknown) => () =>
      runSubprocess(`echo $$ > ${file}`, options as RunSubprocessOptions);
    await assertRejects(wrong({ timeout: NaN }), RangeError, "timeout");
    await assertRejects(wrong({ timeout: "1" }), TypeError, "timeout");
    await assertRejects(wrong({ idleTimeout: NaN }), RangeError, "idleTimeout");
    await assertRejects(wrong({ idleTimeout: 5 }), TypeError, "no");
    await assertRejects(wrong({ encoding: "latin1" }), TypeError, "encoding");
    await assertRejects(wrong({ input: 5 }), TypeError, "input");
    const inherited = { input: "", stdin: INHERIT };
    await assertRejects(wrong(inherited), TypeError, "stdin: PIPE");
    await assertRejects(wrong({ killAfter: NaN }), RangeError, "killAfter");
    for (
      const flag of [
        ...["captureOutput", "check", "lines", "all"],
        ...["clearEnv", "group", "detached"],
      ]
    ) {
      const message = `${flag} is a boolean, received "no"`;
      await assertRejects(wrong({ [flag]: "no" }), TypeError, message);
    }
    assertEquals(pid(), 0);
  });
  // deno-lint-ignore no-explicit-any -- wrong on purpose
  const none = [] as any;
  await assertRejects(() => runSubprocess(none), TypeError, "empty list");
  const args = ["x"] as RunSubprocessOptions;
  await assertRejects(
    () => runSubprocess("echo", args),
    TypeError,
    "[program, ...args]",
  );
  // deno-lint-ignore no-explicit-any -- wrong on purpose
  const number = 5 as any;
  await assertRejects(() => runSubprocess(number), TypeError, "command");
});

Deno.test("options may be inherited, as those of an instance of a class", async () => {
  class Options {
    get captureOutput(): boolean {
      return true;
    }
    get cwd(): string {
      return "/";
    }
    get env(): Record<string, string> {
      return { NAME: "ada" };
    }
  }
  const result = await runSubprocess('pwd; echo "$NAME"', new Options());
  assertEquals(result.stdout, "/\nada\n");
});

Deno.test("a missing program is NotFound and named", async () => {
  await assertRejects(
    () => runSubprocess(["no-such-program"]),
    Deno.errors.NotFound,
    "no-such-program",
  );
});
