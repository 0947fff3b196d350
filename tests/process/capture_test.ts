/** What runSubprocess captures: how much, and in which form. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  CalledProcessError,
  type CompletedProcess,
  DEVNULL,
  OutputLimitError,
  PIPE,
  pipeline,
  runSubprocess,
  type RunSubprocessOptions,
  STDOUT,
  TimeoutExpiredError,
} from "@asyncio/asyncio/process";
import { Queue } from "@asyncio/asyncio/queue";
import { CancelledError, createTask } from "@asyncio/asyncio/tasks";
import { limitedWhenReady, livingIn, openFiles, until } from "./_processes.ts";

const CAPTURE = { captureOutput: true } as const;
const BOTH = "echo out; echo err >&2";

// --- maxBuffer
// -------------------------------------------------------------------

Deno.test("a program that writes more than maxBuffer is ended, with what was captured in the error", async () => {
  const error = await assertRejects(
    () => runSubprocess(["yes"], { ...CAPTURE, maxBuffer: 5 }),
    OutputLimitError,
    '"yes" wrote more than 5 bytes to its stdout',
  );
  assertEquals(error.name, "OutputLimitError");
  assertEquals(error.cmd, ["yes"]);
  assertEquals([error.output, error.maxBuffer], ["stdout", 5]);
  assertEquals([error.stdout, error.stderr], ["y\ny\ny", ""]);
});

Deno.test("exactly maxBuffer bytes are no error", async () => {
  for (const maxBuffer of [3, 0]) {
    const text = "x".repeat(maxBuffer);
    const options = { ...CAPTURE, input: text, maxBuffer };
    assertEquals((await runSubprocess(["cat"], options)).stdout, text);
    await assertRejects(
      () => runSubprocess(["cat"], { ...options, input: `${text}x` }),
      OutputLimitError,
    );
  }
});

Deno.test("maxBuffer counts each output by itself, in bytes", async () => {
  const done = await runSubprocess("echo ää; echo ää >&2", {
    ...CAPTURE,
    maxBuffer: 5,
  });
  assertEquals([done.stdout, done.stderr], ["ää\n", "ää\n"]);
  const error = await assertRejects(
    () => runSubprocess("echo ä; echo äää >&2", { ...CAPTURE, maxBuffer: 6 }),
    OutputLimitError,
    "stderr",
  );
  assertEquals(error.output, "stderr");
  assertEquals([error.stdout, error.stderr], ["ä\n", "äää"]);
});

Deno.test("by default 64 MiB are captured, and no more", async () => {
  const zeros = (count: number): Promise<CompletedProcess<Uint8Array>> =>
    runSubprocess(["head", "-c", `${count}`, "/dev/zero"], {
      ...CAPTURE,
      encoding: "buffer",
    });
  const limit = 64 * 1024 * 1024;
  assertEquals((await zeros(limit)).stdout?.length, limit);
  const error = await assertRejects(() => zeros(limit + 1), OutputLimitError);
  assertEquals((error.stdout as Uint8Array).length, limit);
});

Deno.test("six hundred megabytes end in a clear error", async () => {
  const command: [string, ...string[]] = [
    "head",
    "-c",
    "600000000",
    "/dev/zero",
  ];
  await assertRejects(
    () => runSubprocess(command, CAPTURE),
    OutputLimitError,
    "raise maxBuffer",
  );
  const error = await assertRejects(
    () => runSubprocess(command, { ...CAPTURE, maxBuffer: Infinity }),
    OutputLimitError,
    "stdout",
  );
  assertEquals((error.stdout as Uint8Array).length, 600_000_000);
  assertInstanceOf(error.cause, Error);
});

Deno.test("what is not captured has no limit", async () => {
  const options = { maxBuffer: 1, stdout: DEVNULL, stderr: PIPE } as const;
  const done = await runSubprocess(["seq", "1000"], options);
  assertEquals(done.returnCode, 0);
  let bytes = 0;
  await runSubprocess(["seq", "1000"], {
    maxBuffer: 1,
    stdout: new WritableStream({ write: (it) => void (bytes += it.length) }),
  });
  assertEquals(bytes, 3893);
});

Deno.test("too much output ends the whole group, and leaves nothing open", async () => {
  const before = openFiles();
  const file = await Deno.makeTempFile();
  await assertRejects(
    () =>
      runSubprocess(`trap '' TERM; echo $$ >${file}; sleep 1000 & yes`, {
        ...CAPTURE,
        maxBuffer: 1000,
        killAfter: 20,
      }),
    OutputLimitError,
  );
  const group = Number(await Deno.readTextFile(file));
  assert(group > 0);
  assertEquals(livingIn(group), []);
  await Deno.remove(file);
  await until(() => openFiles() <= before, "all is closed");
});

Deno.test("too much output of one program ends the pipeline", async () => {
  const error = await assertRejects(
    () =>
      pipeline([["yes"], ["sh", "-c", "yes >&2"], ["cat"]], {
        ...CAPTURE,
        maxBuffer: 4,
      }),
    OutputLimitError,
  );
  assertEquals(error.cmd, ["sh", "-c", "yes >&2"]);
  assertEquals([error.output, error.stderr], ["stderr", "y\ny\n"]);
});

Deno.test("a program that wrote too much may print on while it cleans up", async () => {
  const file = await Deno.makeTempFile();
  for (let i = 0; i < 20; i++) {
    await assertRejects(
      () =>
        runSubprocess(
          `trap 'echo bye; echo bye >&2; echo >>${file}; exit' TERM; yes & wait`,
          { ...CAPTURE, maxBuffer: 10 },
        ),
      OutputLimitError,
    );
  }
  assertEquals(Deno.statSync(file).size, 20);
  await Deno.remove(file);
});

Deno.test("a cancel while a program that wrote too much is being ended is a cancel", async () => {
  const file = await Deno.makeTempFile();
  const release = `${file}-release`;
  const task = createTask(() =>
    runSubprocess(
      `trap 'echo >${file}' TERM; yes & wait
      until [ -e ${release} ]; do sleep 0.01; done`,
      { ...CAPTURE, maxBuffer: 10, killAfter: 60_000 },
    )
  );
  await until(() => Deno.statSync(file).size > 0, "it is being ended");
  task.cancel();
  await Deno.writeTextFile(release, "");
  await assertRejects(async () => await task, CancelledError);
  await Deno.remove(file);
  await Deno.remove(release);
});

Deno.test("maxBuffer is a number of bytes", async () => {
  for (const maxBuffer of [-1, NaN, "1", null]) {
    await assertRejects(
      () =>
        runSubprocess(["true"], { maxBuffer } as unknown as {
          maxBuffer: number;
        }),
      typeof maxBuffer === "number" ? RangeError : TypeError,
      "maxBuffer",
    );
  }
});

// --- lines
// -----------------------------------------------------------------------

async function linesOf(
  text: string,
  options?: RunSubprocessOptions,
): Promise<unknown> {
  const done = await runSubprocess(["cat"], {
    ...CAPTURE,
    ...options,
    input: text,
    lines: true,
  });
  return done.stdout;
}

Deno.test("lines are given without their ends", async () => {
  assertEquals(await linesOf("a\nb\r\n\nc"), ["a", "b", "", "c"]);
  assertEquals(await linesOf("a\r\rb\r\n"), ["a\r\rb"]);
  assertEquals(await linesOf("\n"), [""]);
  assertEquals(await linesOf(""), []);
});

Deno.test("lines may be long, and hold any characters", async () => {
  const long = "ä".repeat(1_500_000);
  assertEquals(await linesOf(`${long}\r\nx\n${long}`), [long, "x", long]);
});

Deno.test("lines stand in the result, in errors, and in pipelines", async () => {
  const done = await runSubprocess(BOTH, { ...CAPTURE, lines: true });
  assertEquals([done.stdout, done.stderr], [["out"], ["err"]]);
  const failed = await assertRejects(
    () =>
      runSubprocess(`${BOTH}; exit 1`, {
        ...CAPTURE,
        lines: true,
        check: true,
      }),
    CalledProcessError,
    "code 1: err",
  );
  assertEquals([failed.stdout, failed.stderr], [["out"], ["err"]]);
  const late = await limitedWhenReady((ready) =>
    assertRejects(
      () =>
        runSubprocess(`${BOTH}; ${ready}; sleep 1000`, {
          ...CAPTURE,
          lines: true,
          timeout: 1000,
        }),
      TimeoutExpiredError,
    )
  );
  assertEquals([late.stdout, late.stderr], [["out"], ["err"]]);
  const { stdout } = await pipeline([["seq", "2"], ["cat"]], {
    ...CAPTURE,
    lines: true,
  });
  assertEquals(stdout, ["1", "2"]);
});

Deno.test("what is not captured has no lines", async () => {
  const done = await runSubprocess(["true"], { lines: true });
  assertEquals([done.stdout, done.stderr], [undefined, undefined]);
});

Deno.test("lines of bytes are a TypeError", async () => {
  const options = { lines: true, encoding: "buffer" } as const;
  await assertRejects(() => runSubprocess(["true"], options), TypeError);
});

// --- all
// -------------------------------------------------------------------------

/**
 * Runs the steps of a shell script, each when what the one before it has written
 * has arrived.
 */
function runSteps<O extends RunSubprocessOptions>(
  steps: readonly string[],
  options: O,
) {
  const arrived = new Queue<void>();
  const noting = () =>
    new WritableStream<Uint8Array>({ write: () => arrived.putNowait() });
  async function* goOn() {
    while (true) {
      await arrived.get();
      yield "\n";
    }
  }
  return runSubprocess(steps.join("; read _; "), {
    ...options,
    input: goOn(),
    stdout: [PIPE, noting()],
    stderr: [PIPE, noting()],
    all: true,
  });
}

const TURNS = ["echo o1", "echo e1 >&2", "echo o2", "echo e2 >&2"];

Deno.test("all holds both outputs in order of arrival", async () => {
  const done = await runSteps(TURNS, {});
  assertEquals(done.all, "o1\ne1\no2\ne2\n");
  assertEquals([done.stdout, done.stderr], ["o1\no2\n", "e1\ne2\n"]);
});

Deno.test("all comes in each form", async () => {
  const { all } = await runSteps(TURNS, { encoding: "buffer" });
  assertEquals(new TextDecoder().decode(all as Uint8Array), "o1\ne1\no2\ne2\n");
  const lines = await runSteps(TURNS, { lines: true });
  assertEquals(lines.all, ["o1", "e1", "o2", "e2"]);
});

Deno.test("all tears no character and no line apart", async () => {
  const torn = [
    String.raw`printf 'a\303'`,
    String.raw`printf 'b\303' >&2`,
    String.raw`printf '\244c'`,
    String.raw`printf '\266d' >&2`,
  ];
  const text = await runSteps(torn, {});
  assertEquals([text.all, text.stdout, text.stderr], ["abäcöd", "aäc", "böd"]);
  const lines = await runSteps(torn, { lines: true });
  assertEquals(lines.all, ["aäc", "böd"]);
});

Deno.test("all loses nothing, however much it is", async () => {
  const { all, stdout, stderr } = await runSubprocess(
    "seq 30000 & seq 30000 >&2; wait",
    { all: true, lines: true },
  );
  assertEquals([stdout?.length, stderr?.length], [30_000, 30_000]);
  assertEquals(all?.length, 60_000);
  assertEquals(all?.toSorted(), [...stdout!, ...stderr!].toSorted());
});

Deno.test("all with STDOUT is the true order", async () => {
  const { all, stdout } = await runSubprocess(
    "for i in 1 2 3; do echo o$i; echo e$i >&2; done",
    { all: true, stderr: STDOUT },
  );
  assertEquals(all, "o1\ne1\no2\ne2\no3\ne3\n");
  assertEquals(stdout, all);
});

Deno.test("all stands in errors", async () => {
  const failed = await assertRejects(
    () => runSubprocess(`${BOTH}; exit 1`, { all: true, check: true }),
    CalledProcessError,
  );
  assertStringIncludes(failed.all as string, "out\n");
  const late = await limitedWhenReady((ready) =>
    assertRejects(
      () =>
        runSubprocess(`${BOTH}; ${ready}; sleep 1000`, {
          all: true,
          timeout: 1000,
        }),
      TimeoutExpiredError,
    )
  );
  assertStringIncludes(late.all as string, "err\n");
  const many = await assertRejects(
    () => runSubprocess("yes", { all: true, maxBuffer: 4 }),
    OutputLimitError,
  );
  assertEquals(many.all, "y\ny\n");
});

Deno.test("without all there is none", async () => {
  assertEquals((await runSubprocess(BOTH, CAPTURE)).all, undefined);
});

Deno.test("all of what is not captured is a TypeError", async () => {
  await assertRejects(
    () => runSubprocess(BOTH, { all: true, stdout: DEVNULL, stderr: DEVNULL }),
    TypeError,
    "all",
  );
});

// --- killSignal
// ------------------------------------------------------------------

Deno.test("killSignal asks the program to end", async () => {
  const command = "trap 'echo asked; exit 3' USR1; echo begun";
  const error = await limitedWhenReady((ready) =>
    assertRejects(
      () =>
        runSubprocess(`${command}; ${ready}; while :; do sleep 0.01; done`, {
          ...CAPTURE,
          killSignal: "SIGUSR1",
          idleTimeout: 1000,
        }),
      TimeoutExpiredError,
    )
  );
  assertEquals(error.stdout, "begun\nasked\n");
});

Deno.test("killSignal SIGKILL leaves no time", async () => {
  const error = await limitedWhenReady((ready) =>
    assertRejects(
      () =>
        runSubprocess(`trap '' TERM; echo begun; ${ready}; sleep 1000`, {
          ...CAPTURE,
          killSignal: "SIGKILL",
          killAfter: 3_600_000,
          timeout: 1000,
        }),
      TimeoutExpiredError,
    )
  );
  assertEquals(error.stdout, "begun\n");
});

Deno.test("killSignal is the name of a signal", async () => {
  for (const killSignal of ["SIGNONE", "TERM", 15, null]) {
    await assertRejects(
      () => runSubprocess(["true"], { killSignal } as RunSubprocessOptions),
      TypeError,
      "killSignal",
    );
  }
});
