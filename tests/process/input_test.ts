/** Programs that read from streams, iterables and files. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  type InputSource,
  PIPE,
  pipeline,
  runSubprocess,
  type RunSubprocessOptions,
} from "@asyncio/asyncio/process";
import { Queue } from "@asyncio/asyncio/queue";
import { StreamReader } from "@asyncio/asyncio/streams";
import {
  allTasks,
  CancelledError,
  currentTask,
  getRunningLoop,
  run,
  sleep,
  type Task,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { openFiles, text, until } from "./_processes.ts";
import { Folder } from "../_helpers/folder.ts";

const encoder = new TextEncoder();

/** What `cat` makes of a source. */
async function echoOf(stdin: InputSource): Promise<string> {
  const cat = await createSubprocessExec("cat", [], { stdin, stdout: PIPE });
  return text((await cat.communicate()).stdout);
}

async function withFile(
  body: (path: string) => Promise<void>,
  content = "",
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, content);
    await body(path);
  } finally {
    await Deno.remove(path);
  }
}

async function* chunks(
  ...items: (string | Uint8Array)[]
): AsyncGenerator<string | Uint8Array> {
  for (const item of items) {
    await sleep(0);
    yield item;
  }
}

// --- Where it comes from
// ---------------------------------------------------------

Deno.test("a program reads a Web Stream", async () => {
  assertEquals(await echoOf(new Response("one\ntwo\n").body!), "one\ntwo\n");
});

Deno.test("the callbacks of a Web Stream belong to no task", async () => {
  const tasks: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      tasks.push(currentTask());
      if (tasks.length < 3) controller.enqueue(new TextEncoder().encode("a"));
      else controller.close();
    },
  }, { highWaterMark: 0 });
  assertEquals(await echoOf(stream), "aa");
  assertEquals(tasks, [undefined, undefined, undefined]);
});

Deno.test("a program reads an async iterable of bytes and text", async () => {
  const source = chunks("ä", encoder.encode("b"), "", new Uint8Array(0), "c");
  assertEquals(await echoOf(source), "äbc");
});

Deno.test("a program reads a file", async () => {
  await withFile(async (file) => {
    assertEquals(await echoOf({ file }), "hello");
    assertEquals(await echoOf({ file: new URL(`file://${file}`) }), "hello");
  }, "hello");
});

Deno.test("the path of a file is relative to this program, not to cwd", async () => {
  const folder = await Deno.makeTempDir({ dir: "." });
  try {
    await Deno.writeTextFile(`${folder}/in.txt`, "here");
    const { stdout } = await runSubprocess(["cat"], {
      stdin: { file: `${folder}/in.txt` },
      cwd: "/",
      captureOutput: true,
    });
    assertEquals(stdout, "here");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a program reads the output of another one", async () => {
  const seq = await createSubprocessExec("seq", ["3"], { stdout: PIPE });
  assertEquals(await echoOf(seq.stdout!), "1\n2\n3\n");
  assertEquals(await seq.wait(), 0);
});

Deno.test("a reader is read as it is, without a limit on lines", async () => {
  const head = await createSubprocessExec(
    "head",
    ["-c", "300000", "/dev/zero"],
    { stdout: PIPE },
  );
  const { stdout } = await runSubprocess(["wc", "-c"], {
    input: head.stdout!,
    captureOutput: true,
  });
  assertEquals(Number(stdout), 300_000);
  assertEquals(await head.wait(), 0);
});

Deno.test("a source has the stdin to itself", async () => {
  const cat = await createSubprocessExec("cat", [], {
    stdin: chunks("a"),
    stdout: DEVNULL,
  });
  assertEquals(cat.stdin, undefined);
  await assertRejects(() => cat.communicate("b"), TypeError);
  assertEquals(await cat.wait(), 0);
});

Deno.test("input can be text, bytes, a stream, or an iterable", async () => {
  const inputs: RunSubprocessOptions["input"][] = [
    "a b",
    encoder.encode("a b"),
    new Response("a b").body!,
    chunks("a", " b"),
    ["a", " ", encoder.encode("b")],
    new Set(["a b"]),
  ];
  for (const input of inputs) {
    const { stdout } = await runSubprocess(["cat"], {
      input,
      captureOutput: true,
    });
    assertEquals(stdout, "a b");
  }
});

Deno.test("the first program of a pipeline reads the source", async () => {
  const { stdout } = await pipeline([["cat"], ["tr", "a-z", "A-Z"]], {
    input: chunks("one ", "two"),
    captureOutput: true,
  });
  assertEquals(stdout, "ONE TWO");
});

Deno.test("the input is what it was at the call", async () => {
  const input = encoder.encode("first");
  const done = runSubprocess(["cat"], { input, captureOutput: true });
  input.fill(120);
  assertEquals((await done).stdout, "first");
});

Deno.test("the input of communicate is what it was at the call", async () => {
  const input = encoder.encode("first");
  const cat = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const done = cat.communicate(input);
  input.fill(120);
  assertEquals(text((await done).stdout), "first");
});

Deno.test("commands, arguments and variables are what they were at the call", async () => {
  const commands: [string, ...string[]][] = [["cat"], ["sh", "-c", "echo $A"]];
  const env = { A: "1" };
  const done = pipeline(commands, { input: "", env, captureOutput: true });
  commands[1]![2] = "echo changed";
  env.A = "2";
  assertEquals((await done).stdout, "1\n");
});

// --- How much, and how fast
// ----------------------------------------------------------

Deno.test("a source is read no faster than the program reads", async () => {
  let given = 0;
  async function* endless() {
    while (true) {
      given++;
      yield new Uint8Array(65536);
      await sleep(0);
    }
  }
  const process = await createSubprocessExec("sleep", ["1000"], {
    stdin: endless(),
  });
  await until(() => given > 1, "the pipe is being filled");
  for (let i = 0; i < 200; i++) await sleep(0);
  assert(given <= 4, `${given} chunks were taken, a pipe holds one`);
  await process[Symbol.asyncDispose]();
});

Deno.test("a hundred megabytes from a stream are passed on", async () => {
  let left = 1600;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(65536));
      else controller.close();
    },
  });
  const { stdout } = await runSubprocess(["wc", "-c"], {
    input: stream,
    captureOutput: true,
  });
  assertEquals(Number(stdout), 1600 * 65536);
});

// --- A program that reads no more
// -------------------------------------------------------

Deno.test("a source that a program reads no more is cancelled, silently", async () => {
  const reasons: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65536)),
    cancel: (reason) => void reasons.push(reason),
  });
  const { stdout, returnCode } = await runSubprocess(["head", "-c", "3"], {
    input: stream,
    encoding: "buffer",
    captureOutput: true,
  });
  assertEquals([stdout, returnCode], [new Uint8Array(3), 0]);
  await until(() => reasons.length === 1, "it is cancelled");
});

Deno.test("a generator that a program reads no more is closed", async () => {
  let isClosed = false;
  async function* endless() {
    try {
      while (true) yield new Uint8Array(65536);
    } finally {
      isClosed = true;
    }
  }
  await runSubprocess(["true"], { input: endless() });
  await until(() => isClosed, "it is closed");
});

Deno.test("a stream that gives nothing is cancelled at the program's end", async () => {
  let isCancelled = false;
  const silent = new ReadableStream<Uint8Array>({
    cancel: () => void (isCancelled = true),
  });
  const done = await runSubprocess(["true"], { input: silent });
  assertEquals(done.returnCode, 0);
  await until(() => isCancelled, "it is cancelled");
});

Deno.test("a wait in a generator ends with the program, and takes nothing later", async () => {
  const queue = new Queue<string>();
  let error: unknown;
  async function* items() {
    try {
      while (true) yield await queue.get();
    } catch (caught) {
      error = caught;
      throw caught;
    }
  }
  queue.putNowait("one");
  const { stdout } = await runSubprocess(["head", "-c", "3"], {
    input: items(),
    captureOutput: true,
  });
  assertEquals(stdout, "one");
  await until(() => error !== undefined, "the wait has ended");
  assertInstanceOf(error, CancelledError);
  queue.putNowait("two");
  await sleep(0);
  assertEquals(queue.size, 1);
});

Deno.test("a reader as the source loses no byte that was not read from it", async () => {
  const reader = new StreamReader();
  reader.feedData(encoder.encode("one"));
  const { stdout } = await runSubprocess(["head", "-c", "3"], {
    input: reader,
    captureOutput: true,
  });
  assertEquals(stdout, "one");
  await until(() => allTasks().size === 0, "it is not read any more");
  reader.feedData(encoder.encode("two"));
  reader.feedEof();
  assertEquals(text(await reader.read()), "two");
});

Deno.test("a cancel, a timeout and an abort end the source", async () => {
  for (const how of ["cancel", "timeout", "abort"]) {
    let isAsked = false;
    let isClosed = false;
    const source = async function* () {
      try {
        yield "x";
        isAsked = true;
        await sleep(60_000);
      } finally {
        isClosed = true;
      }
    };
    const controller = new AbortController();
    const options = { input: source(), signal: controller.signal };
    const clock = new VirtualClock({ autoJump: false });
    let task!: Task<unknown>;
    const running = run(async () => {
      task = currentTask()!;
      const reading = () =>
        runSubprocess(["cat"], { ...options, captureOutput: true });
      await timeout(how === "timeout" ? 50 : undefined, reading);
    }, { clock });
    running.catch(() => {});
    await until(() => isAsked, "it was asked for more");
    if (how === "timeout") await clock.advance(50);
    if (how === "cancel") task.cancel();
    if (how === "abort") controller.abort(new TimeoutError("aborted"));
    const kind = how === "cancel" ? CancelledError : TimeoutError;
    await assertRejects(() => running, kind);
    await until(() => isClosed, `it is closed by ${how}`);
  }
});

Deno.test("the end of the run ends the program and its source", async () => {
  let isClosed = false;
  async function* source() {
    try {
      yield "x";
      await sleep(60_000);
    } finally {
      isClosed = true;
    }
  }
  const before = openFiles();
  const code = await run(async () => {
    const cat = await createSubprocessExec("cat", [], {
      stdin: source(),
      stdout: PIPE,
    });
    await cat.stdout!.readExactly(1);
    return cat;
  });
  assertEquals(code.returnCode, -15);
  assert(isClosed);
  await until(() => openFiles() <= before, "all is closed");
});

// --- A source that fails
// ---------------------------------------------------------

Deno.test("a source that fails ends the program, and its error is thrown after the end", async () => {
  async function* failing() {
    yield "half";
    throw new RangeError("no more");
  }
  const file = await Deno.makeTempFile();
  try {
    const error = await assertRejects(
      () =>
        runSubprocess(`cat >${file}; echo all >>${file}`, { input: failing() }),
      RangeError,
      "no more",
    );
    assertEquals(error.message, "no more");
    const written = await Deno.readTextFile(file);
    assert(!written.includes("all"), "half of the input passed for all of it");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("wait and communicate throw the error of the source, after the end", async () => {
  const failing = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new RangeError("broken")),
    });
  const options = () => ({ stdin: failing(), stdout: PIPE });
  const waited = await createSubprocessExec("cat", [], options());
  await assertRejects(() => waited.wait(), RangeError, "broken");
  assertEquals(waited.returnCode, -15);
  const communicated = await createSubprocessExec("cat", [], options());
  await assertRejects(() => communicated.communicate(), RangeError, "broken");
  assertEquals(communicated.returnCode, -15);
});

Deno.test("what is neither bytes nor text is an error of the source", async () => {
  async function* wrong() {
    yield 5 as unknown as string;
  }
  await assertRejects(
    () => runSubprocess(["cat"], { input: wrong() }),
    TypeError,
    "5",
  );
});

Deno.test("an error of the source that is not waited for is reported", async () => {
  const reports: unknown[] = [];
  const failing = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new RangeError("lost?")),
    });
  await run(async () => {
    getRunningLoop().setExceptionHandler((_loop, { error }) =>
      void reports.push(error)
    );
    const cat = await createSubprocessExec("cat", [], { stdin: failing() });
    await until(() => cat.returnCode !== undefined, "it has ended");
  });
  assertEquals(reports.map(String), ["RangeError: lost?"]);
});

// --- What cannot be read
// -----------------------------------------------------------

Deno.test("a missing file is NotFound, and nothing is started", async () => {
  await using folder = new Folder();
  await assertRejects(
    () =>
      runSubprocess(["touch", folder.file("started")], {
        stdin: { file: folder.file("none") },
      }),
    Deno.errors.NotFound,
  );
  assertEquals(folder.names(), []);
});

Deno.test("a directory is no file to read from or to write to", async () => {
  await assertRejects(
    () => runSubprocess(["cat"], { stdin: { file: "/usr" } }),
    Error,
    "directory",
  );
  await assertRejects(
    () => runSubprocess(["true"], { stdout: { file: "/usr" } }),
    Error,
    "directory",
  );
});

Deno.test("a file is not read and written by the same program", async () => {
  await withFile(async (file) => {
    const url = new URL(`file://${file}`);
    for (const append of [true, false]) {
      await assertRejects(
        () =>
          runSubprocess(["cat"], {
            stdin: { file },
            stdout: [PIPE, { file: url, append }],
          }),
        TypeError,
        "it would read from a file that it writes to",
      );
    }
    assertEquals(await Deno.readTextFile(file), "still here");
  }, "still here");
});

Deno.test("a stream that is locked is a TypeError", async () => {
  const { body } = new Response("x");
  body!.getReader();
  await assertRejects(
    () => createSubprocessExec("cat", [], { stdin: body! }),
    TypeError,
    "locked",
  );
});

Deno.test("a stream is left alone if the program cannot be started", async () => {
  const { body } = new Response("still here");
  await assertRejects(
    () => createSubprocessExec("no-such-program", [], { stdin: body! }),
    Deno.errors.NotFound,
  );
  assertEquals(body!.locked, false);
  assertEquals(await new Response(body).text(), "still here");
});

Deno.test("what is no source is a TypeError", async () => {
  // deno-lint-ignore no-explicit-any -- wrong on purpose
  const wrong = (stdin: any) => () => createSubprocessShell("cat", { stdin });
  for (const stdin of ["text", 5, null, {}, { file: 5 }, new Uint8Array(1)]) {
    await assertRejects(wrong(stdin), TypeError, "stdin");
  }
  // deno-lint-ignore no-explicit-any -- wrong on purpose
  const input = (input: any) => () => runSubprocess(["cat"], { input });
  for (const value of [5, null, {}, { file: "/etc/passwd" }]) {
    await assertRejects(input(value), TypeError, "input");
  }
});
