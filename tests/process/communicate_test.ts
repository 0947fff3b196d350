import { assertEquals, assertRejects } from "@std/assert";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  STDOUT,
} from "@asyncio/asyncio/process";
import {
  CancelledError,
  createTask,
  sleep,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { isAlive, text, until } from "./_processes.ts";

/** Reads and echoes line by line, at once. */
const ECHO = 'while read -r line; do echo "$line"; done';

Deno.test("communicate feeds, reads and waits", async () => {
  const process = await createSubprocessExec("sort", [], {
    stdin: PIPE,
    stdout: PIPE,
    stderr: PIPE,
  });
  const { stdout, stderr } = await process.communicate("b\na\n");
  assertEquals([text(stdout), text(stderr)], ["a\nb\n", ""]);
  assertEquals(process.returnCode, 0);
});

Deno.test("communicate takes bytes as well", async () => {
  const process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const { stdout } = await process.communicate(new Uint8Array([0, 255, 10]));
  assertEquals(stdout, new Uint8Array([0, 255, 10]));
});

Deno.test("what is not piped is undefined", async () => {
  const process = await createSubprocessShell("echo out; echo err >&2", {
    stdout: DEVNULL,
    stderr: PIPE,
  });
  const output = await process.communicate();
  assertEquals([output.stdout, text(output.stderr)], [undefined, "err\n"]);
});

Deno.test("without input, the input is closed", async () => {
  const process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  assertEquals(text((await process.communicate()).stdout), "");
});

Deno.test("what was written before goes first", async () => {
  const process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  process.stdin!.write("one ");
  assertEquals(text((await process.communicate("two")).stdout), "one two");
});

Deno.test("what was read before is not in it", async () => {
  const process = await createSubprocessShell("echo one; echo two", {
    stdout: PIPE,
  });
  await process.stdout!.readLine();
  assertEquals(text((await process.communicate()).stdout), "two\n");
});

Deno.test("a hundred megabytes in and out at once do not block", async () => {
  const input = new Uint8Array(100_000_000);
  for (let i = 0; i < input.length; i += 997) input[i] = i;
  const process = await createSubprocessShell("tee /dev/stderr", {
    stdin: PIPE,
    stdout: PIPE,
    stderr: PIPE,
  });
  const { stdout, stderr } = await process.communicate(input);
  for (const output of [stdout!, stderr!]) {
    assertEquals(output.length, input.length);
    const differs = output.findIndex((byte, i) => byte !== input[i]);
    assertEquals(differs, -1);
  }
});

Deno.test("a broken pipe is ignored", async () => {
  for (
    const script of ["true", "exec <&-; sleep 0.05", "head -c 10 >/dev/null"]
  ) {
    const process = await createSubprocessShell(script, {
      stdin: PIPE,
      stdout: PIPE,
    });
    const { stdout } = await process.communicate(new Uint8Array(1 << 20));
    assertEquals([text(stdout), process.returnCode], ["", 0], script);
  }
});

Deno.test("input for a program that has ended is ignored", async () => {
  const process = await createSubprocessShell("echo out", {
    stdin: PIPE,
    stdout: PIPE,
  });
  await process.wait();
  assertEquals(text((await process.communicate("late")).stdout), "out\n");
});

Deno.test("a program that ends while its child holds its input is not fed any more", async () => {
  const process = await createSubprocessShell(
    "exec 3<&0; sleep 1000 <&3 & exit 4",
    {
      stdin: PIPE,
    },
  );
  await using _end = process;
  await process.communicate(new Uint8Array(1 << 20));
  assertEquals(process.returnCode, 4);
});

// --- Giving up ---------------------------------------------------------------

Deno.test("communicate given up kills nothing and loses nothing", async () => {
  const process = await createSubprocessShell(`${ECHO}; echo end >&2`, {
    stdin: PIPE,
    stdout: PIPE,
    stderr: PIPE,
  });
  process.stdin!.write("first\n");
  assertEquals(text(await process.stdout!.readUntil("fir")), "fir");
  const task = createTask(() => process.communicate());
  await sleep(0);
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  const { stdout, stderr } = await process.communicate();
  assertEquals([text(stdout), text(stderr)], ["st\n", "end\n"]);
  assertEquals(process.returnCode, 0);
});

Deno.test("communicate given up again and again gives everything in the end", async () => {
  const input = new Uint8Array(1 << 20).map((_, i) => i);
  const process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  let first = true;
  while (true) {
    try {
      const limited = waitFor(
        () => process.communicate(first ? input : undefined),
        1,
      );
      first = false;
      assertEquals((await limited).stdout, input);
      break;
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }
  assertEquals(process.returnCode, 0);
});

Deno.test("after communicate was given up the streams give the rest", async () => {
  const process = await createSubprocessShell("echo one; read -r _; echo two", {
    stdin: PIPE,
    stdout: PIPE,
  });
  const controller = new AbortController();
  const given = process.communicate(undefined, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => given, Error, "enough");
  const lines = await Array.fromAsync(process.stdout!.lines());
  assertEquals(lines, ["one", "two"]);
  assertEquals(await process.wait(), 0);
});

Deno.test("a communicate that was refused has not begun", async () => {
  const process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(
    () => process.communicate("lost", { signal }),
    Error,
    "enough",
  );
  assertEquals(text((await process.communicate("kept")).stdout), "kept");
});

Deno.test("a cancel of communicate settles while a descendant holds the pipe", async () => {
  await using process = await createSubprocessShell("sleep 1000 & exit 0", {
    stdin: DEVNULL,
    stdout: PIPE,
  });
  await process.wait();
  const task = createTask(() => process.communicate());
  await sleep(0);
  assertEquals(task.done, false);
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
});

Deno.test("output that came before the cancel is still there when all has ended", async () => {
  const process = await createSubprocessShell(
    "echo out; exec >&-; read -r _; echo err >&2",
    {
      stdin: PIPE,
      stdout: PIPE,
      stderr: PIPE,
    },
  );
  // Its output is at its end, and its messages are not: no moment to lose the
  // first.
  const controller = new AbortController();
  const signal = controller.signal;
  const given = process.communicate("x".repeat(1 << 18), { signal });
  await sleep(0);
  controller.abort(new Error("enough"));
  await assertRejects(() => given, Error, "enough");
  const { stdout, stderr } = await process.communicate();
  assertEquals([text(stdout), text(stderr)], ["out\n", "err\n"]);
});

// --- Misuse ------------------------------------------------------------------

Deno.test("a cancel of communicate counts though a target has failed before", async () => {
  await using process = await createSubprocessShell(
    "sleep 1000 2>&- & echo err >&2",
    {
      stdout: PIPE,
      stderr: new WritableStream({
        write() {
          throw new RangeError("full");
        },
      }),
    },
  );
  const task = createTask(() => process.communicate());
  await assertRejects(() => process.wait(), RangeError);
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  await assertRejects(() => process.wait(), RangeError); // not lost
});

Deno.test("input without a pipe is a TypeError", async () => {
  const process = await createSubprocessExec("true", [], { stdin: DEVNULL });
  await assertRejects(() => process.communicate("x"), TypeError, "stdin: PIPE");
  await process.wait();
});

Deno.test("input of another kind is a TypeError", async () => {
  await using process = await createSubprocessExec("cat", [], { stdin: PIPE });
  // deno-lint-ignore no-explicit-any -- wrong on purpose
  await assertRejects(() => process.communicate(5 as any), TypeError, "input");
});

Deno.test("a second communicate at the same time is an Error", async () => {
  const process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const first = process.communicate("one");
  await assertRejects(() => process.communicate(), Error, "under way");
  assertEquals(text((await first).stdout), "one");
});

Deno.test("input given twice is an Error", async () => {
  await using process = await createSubprocessExec("sleep", ["1000"], {
    stdin: PIPE,
  });
  await assertRejects(
    () => waitFor(() => process.communicate("one"), 1),
    TimeoutError,
  );
  await assertRejects(() => process.communicate("two"), Error, "given before");
});

Deno.test("communicate during a read is an Error, and harmless", async () => {
  const process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const line = process.stdout!.readLine();
  const given = process.communicate("one\n");
  await assertRejects(() => given, Error, "StreamReader.readLine is waiting");
  process.stdin!.write("two\n");
  assertEquals(text(await line), "two\n");
  assertEquals(text((await process.communicate("three")).stdout), "three");
});

Deno.test("a program that has ended can be communicated with", async () => {
  const process = await createSubprocessShell("echo out; echo err >&2", {
    stdout: PIPE,
    stderr: STDOUT,
  });
  await process.wait();
  assertEquals(text((await process.communicate()).stdout), "out\nerr\n");
  assertEquals(text((await process.communicate()).stdout), "");
});

Deno.test("a process prints its state", async () => {
  const process = await createSubprocessExec("cat", [], { stdin: PIPE });
  const { pid } = process;
  const shown = Deno.inspect(process);
  assertEquals(
    shown.startsWith(`Process { pid: ${pid}, state: "running", stdin: Stream`),
    true,
    shown,
  );
  await process.communicate();
  await until(() => !isAlive(pid), "it has ended");
  assertEquals(
    Deno.inspect(process).startsWith(
      `Process { pid: ${pid}, returnCode: 0, state: "ended"`,
    ),
    true,
  );
});
