/** Programs that write to streams and files, and to several at once. */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  INHERIT,
  type OutputTarget,
  PIPE,
  pipeline,
  type Process,
  runSubprocess,
  STDOUT,
} from "@asyncio/asyncio/process";
import {
  CancelledError,
  createTask,
  currentTask,
  getRunningLoop,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";
import {
  isAlive,
  limitedWhenReady,
  openFiles,
  text,
  timesOpen,
  until,
} from "./_processes.ts";
import { Folder } from "../_helpers/folder.ts";

const BOTH = "echo out; echo err >&2";

/** A stream that keeps what it gets. */
class Sink {
  text = "";
  state: "open" | "closed" | "aborted" = "open";
  readonly stream: WritableStream<Uint8Array>;

  constructor(write?: (chunk: Uint8Array) => void | Promise<void>) {
    this.stream = new WritableStream({
      write: (chunk) => {
        this.text += text(chunk);
        return write?.(chunk);
      },
      close: () => void (this.state = "closed"),
      abort: () => void (this.state = "aborted"),
    });
  }
}

/** A stream that fails at the first byte. */
function failing(): WritableStream<Uint8Array> {
  return new WritableStream({
    write() {
      throw new RangeError("full");
    },
  });
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

// --- Streams and files
// -----------------------------------------------------------

Deno.test("a program writes to Web Streams, which are closed at its end", async () => {
  const [out, err] = [new Sink(), new Sink()];
  const process = await createSubprocessShell(BOTH, {
    stdout: out.stream,
    stderr: err.stream,
  });
  assertEquals([process.stdout, process.stderr], [undefined, undefined]);
  assertEquals(await process.wait(), 0);
  assertEquals([out.text, err.text], ["out\n", "err\n"]);
  assertEquals([out.state, err.state], ["closed", "closed"]);
});

Deno.test("a program writes to files", async () => {
  await withFile(async (file) => {
    const stdout = { file: new URL(`file://${file}`) };
    await runSubprocess(["echo", "new"], { stdout });
    assertEquals(await Deno.readTextFile(file), "new\n");
    await runSubprocess(["echo", "more"], { stdout: { file, append: true } });
    assertEquals(await Deno.readTextFile(file), "new\nmore\n");
  }, "what was there before");
});

Deno.test("the end comes when a slow file has got the last bytes", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/pipe`;
  await runSubprocess(["mkfifo", file], { check: true });
  using reader = await Deno.open(file, { read: true, write: true });
  const buffer = new Uint8Array(4096);
  // About as much as is gathered on the way to the file, and what a pipe holds:
  // for some of these, the last bytes have to wait until some are read.
  for (let size = 330_000; size < 460_000; size += 10_000) {
    const process = await createSubprocessExec(
      "head",
      ["-c", `${size}`, "/dev/zero"],
      { stdout: { file, append: true } },
    );
    for (let i = 0; i < 1000 && process.returnCode === undefined; i++) {
      await sleep(0); // it ends, unless all is full
    }
    let hasEnded = false;
    process.wait().then(() => hasEnded = true);
    let unread = size;
    while (unread > 0) {
      unread -= (await reader.read(buffer))!;
      await sleep(0);
      assert(!hasEnded || unread <= 65_536, `${unread} bytes are unread`);
    }
    assertEquals(await process.wait(), 0);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("both outputs of a program can go into one file", async () => {
  await withFile(async (file) => {
    await runSubprocess(BOTH, { stdout: { file }, stderr: { file } });
    const written = await Deno.readTextFile(file);
    assertEquals(written.split("\n").sort(), ["", "err", "out"]);
  }, "what was there before, and is far longer");
});

Deno.test("both outputs of a program can go into one stream", async () => {
  const sink = new Sink();
  await runSubprocess(BOTH, { stdout: sink.stream, stderr: sink.stream });
  assertEquals(sink.text.split("\n").sort(), ["", "err", "out"]);
  assertEquals(sink.state, "closed");
});

Deno.test("with STDOUT the messages go where the output goes", async () => {
  const sink = new Sink();
  await runSubprocess(BOTH, { stdout: sink.stream, stderr: STDOUT });
  assertEquals(sink.text, "out\nerr\n");
});

Deno.test("the last program of a pipeline writes, and all of them their messages", async () => {
  const [out, err] = [new Sink(), new Sink()];
  const say = (word: string) => `echo ${word} >&2; cat`;
  await pipeline([["sh", "-c", say("a")], ["sh", "-c", say("b")]], {
    input: "in",
    stdout: out.stream,
    stderr: err.stream,
  });
  assertEquals(out.text, "in");
  assertEquals(err.text.split("\n").sort(), ["", "a", "b"]);
  assertEquals([out.state, err.state], ["closed", "closed"]);
});

Deno.test("this program's own stream as a target is not closed", async () => {
  const code = `
    import { runSubprocess } from "${import.meta.resolve("@asyncio/asyncio")}";
    await runSubprocess(["echo", "one"], { stdout: [Deno.stdout.writable, "inherit"] });
    await runSubprocess("echo two >&2", { stderr: Deno.stdout.writable });
    console.log("three");`;
  const { stdout } = await runSubprocess(
    [Deno.execPath(), "run", "-A", "--quiet", "-"],
    { input: code, captureOutput: true },
  );
  assertEquals(stdout, "one\ntwo\nthree\n");
});

// --- Several targets
// --------------------------------------------------------------

Deno.test("all targets get everything, and so does the reader", async () => {
  await withFile(async (file) => {
    const sink = new Sink();
    const process = await createSubprocessExec("seq", ["20000"], {
      stdout: [PIPE, { file }, sink.stream, DEVNULL, PIPE],
    });
    const { stdout } = await process.communicate();
    const expected = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`)
      .join("");
    assertEquals(text(stdout), expected);
    assertEquals(sink.text, expected);
    assertEquals(await Deno.readTextFile(file), expected);
  });
});

Deno.test("what is shown can be captured as well", async () => {
  const code = `
    import { runSubprocess } from "${import.meta.resolve("@asyncio/asyncio")}";
    const { stdout, stderr } = await runSubprocess("${BOTH}", {
      stdout: ["inherit", "piped"],
      stderr: ["inherit", "piped"],
    });
    console.log(JSON.stringify([stdout, stderr]));`;
  const { stdout, stderr } = await runSubprocess(
    [Deno.execPath(), "run", "-A", "--quiet", "-"],
    { input: code, captureOutput: true },
  );
  assertEquals(stdout, 'out\n["out\\n","err\\n"]\n');
  assertStringIncludes(stderr!, "err\n");
});

Deno.test("targets that change the bytes do not harm each other", async () => {
  const [first, second] = [
    new Sink((chunk) => void chunk.fill(0)),
    new Sink(async (chunk) => {
      await sleep(5);
      chunk.fill(0);
    }),
  ];
  const { stdout } = await runSubprocess(["echo", "whole"], {
    stdout: [first.stream, second.stream, PIPE],
  });
  assertEquals([first.text, second.text, stdout], Array(3).fill("whole\n"));
});

Deno.test("the slowest target holds the program up", async () => {
  const held = Promise.withResolvers<void>();
  let chunks = 0;
  const slow = new Sink(() => {
    chunks++;
    return held.promise;
  });
  const fast = new Sink();
  const process = await createSubprocessExec("yes", [], {
    stdout: [slow.stream, fast.stream],
  });
  await until(() => chunks === 1, "the first chunk has come");
  for (let i = 0; i < 200; i++) await sleep(0);
  assert(
    fast.text.length < 300_000,
    `${fast.text.length} bytes went to the fast one`,
  );
  held.resolve();
  await process[Symbol.asyncDispose]();
});

Deno.test("a list of one is that one", async () => {
  const { stdout } = await runSubprocess(["echo", "hi"], { stdout: [PIPE] });
  assertEquals(stdout, "hi\n");
  const process = await createSubprocessExec("true", [], {
    stdout: [DEVNULL],
    stderr: [INHERIT],
  });
  assertEquals([process.stdout, process.stderr], [undefined, undefined]);
  assertEquals(await process.wait(), 0);
});

// --- The end
// -----------------------------------------------------------------------

Deno.test("a stream goes on when the task that started the program is cancelled", async () => {
  const gate = new Event();
  const started = new Event();
  const tasks: unknown[] = [];
  const sink = new Sink(async () => {
    tasks.push(currentTask());
    started.set();
    await gate.wait();
  });
  let process!: Process;
  const starter = createTask(async () => {
    process = await createSubprocessExec("echo", ["hi"], {
      stdout: sink.stream,
    });
    await sleep(60_000);
  });
  await started.wait();
  starter.cancel();
  await assertRejects(async () => await starter, CancelledError);
  gate.set();
  assertEquals(await process.wait(), 0);
  assertEquals([sink.text, sink.state, tasks], ["hi\n", "closed", [undefined]]);
});

Deno.test("a stream goes on when a read of the same output is cancelled", async () => {
  const gate = new Event();
  const started = new Event();
  const sink = new Sink(async () => {
    started.set();
    await gate.wait();
  });
  const process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: [PIPE, sink.stream],
  });
  const reader = createTask(() => process.stdout!.readExactly(100));
  process.stdin!.write("hi");
  await started.wait();
  reader.cancel();
  await assertRejects(async () => await reader, CancelledError);
  gate.set();
  process.stdin!.close();
  assertEquals(await process.wait(), 0);
  assertEquals([sink.text, sink.state], ["hi", "closed"]);
});

Deno.test("wait settles when the targets have got everything", async () => {
  let isWritten = false;
  const slow = new WritableStream<Uint8Array>({
    async write() {
      await sleep(50);
      isWritten = true;
    },
  });
  const process = await createSubprocessExec("echo", [], { stdout: slow });
  assertEquals(await process.wait(), 0);
  assert(isWritten);
});

Deno.test("what a target has not got yet is waited for again after a cancel", async () => {
  const held = Promise.withResolvers<void>();
  const slow = new Sink(() => held.promise);
  const process = await createSubprocessExec("echo", ["all"], {
    stdout: slow.stream,
  });
  await until(() => process.returnCode === 0, "it has ended");
  const task = createTask(() => process.wait());
  await sleep(0);
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  held.resolve();
  assertEquals(await process.wait(), 0);
  assertEquals([slow.text, slow.state], ["all\n", "closed"]);
});

Deno.test("dispose settles though a target takes nothing", async () => {
  const stuck = new WritableStream<Uint8Array>({
    write: () => new Promise(() => {}),
  });
  const process = await createSubprocessExec("yes", [], {
    stdout: [stuck, PIPE],
  });
  await process[Symbol.asyncDispose]();
  assert(process.returnCode! < 0, "SIGTERM or SIGPIPE, whichever comes first");
});

Deno.test("a time limit ends the program, and closes its targets", async () => {
  await withFile(async (file) => {
    const sink = new Sink();
    const before = openFiles();
    await limitedWhenReady((ready) =>
      assertRejects(() =>
        runSubprocess(`echo begun; ${ready}; sleep 1000`, {
          stdout: [sink.stream, { file }],
          timeout: 300,
        })
      )
    );
    await until(() => openFiles() <= before, "all is closed");
    assertEquals([sink.text, sink.state], ["begun\n", "closed"]);
    assertEquals(await Deno.readTextFile(file), "begun\n");
  });
});

Deno.test("the end of the run closes the targets", async () => {
  const sink = new Sink();
  let process!: Process;
  await run(async () => {
    process = await createSubprocessShell("echo begun; exec sleep 1000", {
      stdout: sink.stream,
    });
    await until(() => sink.text !== "", "it has begun");
  });
  assertEquals(process.returnCode, -15);
  await until(() => sink.state === "closed", "it is closed");
});

Deno.test("a program's piped output that is not read is delivered to the other targets all the same", async () => {
  const sink = new Sink();
  const process = await createSubprocessExec("echo", ["hi"], {
    stdout: [PIPE, sink.stream],
  });
  assertEquals(await process.wait(), 0);
  assertEquals(sink.text, "hi\n");
  assertEquals(text(await process.stdout!.read()), "hi\n");
});

// --- Targets that fail
// -----------------------------------------------------------

Deno.test("a target that fails stops no other, and its error comes after the end", async () => {
  const sink = new Sink();
  const process = await createSubprocessExec("seq", ["20000"], {
    stdout: [failing(), sink.stream, PIPE],
  });
  const error = await assertRejects(() => process.communicate(), RangeError);
  assertEquals(error.message, "full");
  assertEquals(process.returnCode, 0);
  assertEquals(sink.text.length, 108_894);
  await assertRejects(() => process.wait(), RangeError, "full");
});

Deno.test("runSubprocess rejects with the error of a target", async () => {
  await assertRejects(
    () => runSubprocess(["echo", "hi"], { stdout: [failing(), PIPE] }),
    RangeError,
    "full",
  );
  await assertRejects(
    () => pipeline([["echo", "hi"], ["cat"]], { stdout: failing() }),
    RangeError,
    "full",
  );
});

Deno.test("a full disk is an error of the target", async () => {
  const file = "/dev/full";
  for (const stdout of [{ file, append: true }, [{ file }, PIPE]] as const) {
    await assertRejects(
      () => runSubprocess(["echo", "hi"], { stdout }),
      Error,
      "No space left",
    );
  }
});

Deno.test("an error at the close of a target counts", async () => {
  const stdout = new WritableStream<Uint8Array>({
    close() {
      throw new RangeError("cannot close");
    },
  });
  await assertRejects(
    () => runSubprocess(["echo", "hi"], { stdout }),
    RangeError,
    "cannot close",
  );
});

Deno.test("a stream that had failed before is an error of the target", async () => {
  const failed = () =>
    new WritableStream<Uint8Array>({
      start: (controller) => controller.error(new RangeError("before")),
    });
  for (const program of ["true", "echo"]) {
    await assertRejects(
      () => runSubprocess([program], { stdout: failed() }),
      RangeError,
      "before",
    );
  }
});

Deno.test("wait settles when the targets have closed", async () => {
  let isClosed = false;
  const stdout = new WritableStream<Uint8Array>({
    async close() {
      await sleep(20);
      isClosed = true;
    },
  });
  await runSubprocess(["true"], { stdout });
  assert(isClosed);
});

Deno.test("what flows through a transform can be read while the program runs", async () => {
  const { readable, writable } = new CompressionStream("gzip");
  const done = runSubprocess(["seq", "50000"], {
    stdout: writable as WritableStream<Uint8Array>,
  });
  const unpacked = readable.pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(unpacked).text();
  assertEquals(text.length, 288_894);
  assertEquals((await done).returnCode, 0);
});

Deno.test("a program without any target left gets a broken pipe", async () => {
  const process = await createSubprocessExec("yes", [], { stdout: failing() });
  await assertRejects(() => process.wait(), RangeError, "full");
  assertEquals(process.returnCode, -13);
});

Deno.test("an error of a target that is not waited for is reported", async () => {
  const reports: unknown[] = [];
  await run(async () => {
    getRunningLoop().setExceptionHandler((_loop, { error }) =>
      void reports.push(error)
    );
    const process = await createSubprocessExec("echo", ["hi"], {
      stdout: failing(),
    });
    await until(() => process.returnCode !== undefined, "it has ended");
  });
  assertEquals(reports.map(String), ["RangeError: full"]);
});

// --- What cannot be written
// ----------------------------------------------------------

Deno.test("a missing directory is NotFound, and nothing is started", async () => {
  await using folder = new Folder();
  const sink = new Sink();
  await assertRejects(
    () =>
      runSubprocess(["touch", folder.file("started")], {
        stdout: [sink.stream, { file: folder.file("none/file") }],
      }),
    Deno.errors.NotFound,
  );
  assertEquals(folder.names(), []);
  assertEquals([sink.stream.locked, sink.state], [false, "open"]);
});

Deno.test("streams are left alone if the program cannot be started", async () => {
  await withFile(async (file) => {
    const sink = new Sink();
    await assertRejects(
      () =>
        createSubprocessExec("no-such-program", [], {
          stdout: [sink.stream, { file }],
        }),
      Deno.errors.NotFound,
    );
    assertEquals([sink.stream.locked, sink.state], [false, "open"]);
    assertEquals(timesOpen(file), 0);
  });
});

Deno.test("a pipeline whose second program is missing closes its targets", async () => {
  const sink = new Sink();
  await assertRejects(
    () => pipeline([["true"], ["no-such-program"]], { stderr: sink.stream }),
    Deno.errors.NotFound,
  );
  await until(() => sink.state === "closed", "it is closed");
});

Deno.test("a stream that is locked is a TypeError", async () => {
  const { stream } = new Sink();
  stream.getWriter();
  await assertRejects(
    () => createSubprocessExec("true", [], { stdout: [PIPE, stream] }),
    TypeError,
    "locked",
  );
});

Deno.test("what is no target is a TypeError", async () => {
  const wrong = (target: unknown) => () =>
    createSubprocessExec("true", [], { stdout: target as OutputTarget });
  for (
    const target of [[], "pipe", 5, null, {}, [PIPE, "pipe"], [[PIPE]], STDOUT]
  ) {
    await assertRejects(wrong(target), TypeError, "stdout");
  }
  await assertRejects(
    () =>
      createSubprocessExec("true", [], {
        stderr: [PIPE, STDOUT] as unknown as OutputTarget,
      }),
    TypeError,
    "stderr",
  );
});

// --- Programs that live on
// -----------------------------------------------------------

Deno.test("a detached program outlives its run, and writes into its file by itself", async () => {
  await withFile(async (file) => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/input`, "in\n");
    const process = await run(() =>
      createSubprocessShell(
        "cat; until [ -e go ]; do sleep 0.01; done; echo late; echo err >&2",
        {
          detached: true,
          cwd: folder,
          stdin: { file: `${folder}/input` },
          stdout: { file },
          stderr: { file, append: true },
        },
      )
    );
    try {
      const written = () => Deno.readTextFileSync(file);
      await until(() => written() === "in\n", "it has begun");
      assertEquals(process.returnCode, undefined);
      await Deno.writeTextFile(`${folder}/go`, "");
      assertEquals(await process.wait(), 0);
      assertEquals(written(), "in\nlate\nerr\n");
    } finally {
      await process[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    }
  }, "what was there before");
});

Deno.test("a detached program keeps no program alive, and outlives it", async () => {
  await withFile(async (file) => {
    const code = `
      import { createSubprocessShell } from "${
      import.meta.resolve("@asyncio/asyncio")
    }";
      const process = await createSubprocessShell("echo begun; sleep 1000", {
        detached: true,
        stdin: "null",
        stdout: { file: ${JSON.stringify(file)} },
        stderr: "null",
      });
      console.log(process.pid);`;
    const { stdout } = await runSubprocess(
      [Deno.execPath(), "run", "-A", "--quiet", "-"],
      { input: code, captureOutput: true, timeout: 20_000 },
    );
    const pid = Number(stdout);
    assertEquals(isAlive(pid), true);
    await until(() => Deno.readTextFileSync(file) === "begun\n", "it writes");
    Deno.kill(-pid, "SIGKILL");
  });
});

Deno.test("a detached program whose wait was given up keeps no program alive", async () => {
  const code = `
    import { createSubprocessShell, moveOnAfter, run } from "${
    import.meta.resolve("@asyncio/asyncio")
  }";
    const process = await createSubprocessShell("sleep 1000", {
      detached: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    await run(() => moveOnAfter(1, () => process.wait()));
    console.log(process.pid);`;
  const { stdout } = await runSubprocess(
    [Deno.execPath(), "run", "-A", "--quiet", "-"],
    { input: code, captureOutput: true, timeout: 20_000 },
  );
  Deno.kill(-Number(stdout), "SIGKILL");
});

Deno.test("a detached program can be waited for, read and ended", async () => {
  const code = `
    import { createSubprocessShell, run } from "${
    import.meta.resolve("@asyncio/asyncio")
  }";
    await run(async () => {
      const short = await createSubprocessShell("read x; echo $x; exit 3", {
        detached: true,
        stdin: "piped",
        stdout: "piped",
      });
      const { stdout } = await short.communicate("hi\\n");
      console.log(new TextDecoder().decode(stdout).trim(), await short.wait());
      const long = await createSubprocessShell("sleep 1000", { detached: true });
      await long[Symbol.asyncDispose]();
      console.log(long.returnCode);
    });`;
  const { stdout } = await runSubprocess(
    [Deno.execPath(), "run", "-A", "--quiet", "-"],
    { input: code, captureOutput: true },
  );
  assertEquals(stdout, "hi 3\n-15\n");
});

Deno.test("a detached program leads a group: group: false is a TypeError", async () => {
  await assertRejects(
    () => createSubprocessExec("true", [], { detached: true, group: false }),
    TypeError,
    "group",
  );
});
