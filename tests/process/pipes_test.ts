import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
} from "@asyncio/asyncio/process";
import {
  CancelledError,
  createTask,
  gather,
  run,
  sleep,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { isAlive, openFiles, text, until } from "./_processes.ts";

const MEGABYTE = new Uint8Array(1 << 20);

Deno.test("lines can be read while the program runs", async () => {
  await using process = await createSubprocessShell(
    "for i in 1 2 3; do echo $i; read -r _; done",
    { stdin: PIPE, stdout: PIPE },
  );
  const seen: string[] = [];
  for await (const line of process.stdout!.lines()) {
    seen.push(line);
    process.stdin!.write("next\n");
  }
  assertEquals(seen, ["1", "2", "3"]);
});

Deno.test("a conversation can be cancelled between two lines without losing one", async () => {
  await using process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  process.stdin!.write("half");
  await assertRejects(
    () => waitFor(() => process.stdout!.readLine(), 20),
    TimeoutError,
  );
  process.stdin!.write(" and half\n");
  assertEquals(text(await process.stdout!.readLine()), "half and half\n");
});

Deno.test("four hundred megabytes through a program take bounded memory", async () => {
  const process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const before = Deno.memoryUsage().rss;
  let peak = before;
  let received = 0;
  await gather([
    async () => {
      for (let i = 0; i < 400; i++) {
        process.stdin!.write(MEGABYTE);
        await process.stdin!.drain();
      }
      process.stdin!.close();
    },
    async () => {
      while (true) {
        const bytes = await process.stdout!.read(65536);
        if (bytes.length === 0) return;
        received += bytes.length;
        peak = Math.max(peak, Deno.memoryUsage().rss);
      }
    },
  ]);
  assertEquals(received, 400 * MEGABYTE.length);
  assertEquals(await process.wait(), 0);
  assert(peak - before < 200_000_000, `memory grew by ${peak - before} bytes`);
});

Deno.test("a program that never reads lets the writer wait, and the wait can be cancelled", async () => {
  await using process = await createSubprocessExec("sleep", ["1000"], {
    stdin: PIPE,
  });
  process.stdin!.write(MEGABYTE);
  const drain = createTask(() => process.stdin!.drain());
  await sleep(0);
  assertEquals(drain.done, false);
  drain.cancel();
  await assertRejects(async () => await drain, CancelledError);
});

Deno.test("writing to a program that closed its input throws at drain", async () => {
  await using process = await createSubprocessShell(
    "exec <&-; echo closed; sleep 1000",
    { stdin: PIPE, stdout: PIPE },
  );
  await process.stdout!.readLine();
  await assertRejects(async () => {
    while (true) {
      process.stdin!.write(MEGABYTE);
      await process.stdin!.drain();
    }
  }, Deno.errors.BrokenPipe);
  assertEquals(isAlive(process.pid), true);
});

Deno.test("writing to a program that has ended throws at drain", async () => {
  const process = await createSubprocessExec("true", [], { stdin: PIPE });
  await process.wait();
  process.stdin!.write("anybody there?");
  await assertRejects(() => process.stdin!.drain(), Deno.errors.BrokenPipe);
});

Deno.test("the input of a program that has ended is closing", async () => {
  const process = await createSubprocessExec("true", [], { stdin: PIPE });
  await process.wait();
  assertEquals(process.stdin!.isClosing, true);
});

Deno.test("waitClosed passes where a program has ended and nothing was unsent", async () => {
  const process = await createSubprocessExec("head", ["-c", "5"], {
    stdin: PIPE,
    stdout: DEVNULL,
  });
  process.stdin!.write("taken");
  await process.wait();
  await process.stdin!.waitClosed();
  process.stdin!.close();
  await process.stdin!.waitClosed();
});

Deno.test("waitClosed throws where a program has ended before it took everything", async () => {
  const process = await createSubprocessShell("read -r _", { stdin: PIPE });
  process.stdin!.write("line\n");
  process.stdin!.write(MEGABYTE);
  await process.wait();
  await assertRejects(
    () => process.stdin!.waitClosed(),
    Deno.errors.BrokenPipe,
  );
});

Deno.test("a wait at drain ends when the program does", async () => {
  const process = await createSubprocessExec("sleep", ["1000"], {
    stdin: PIPE,
  });
  process.stdin!.write(MEGABYTE);
  const drain = createTask(() => process.stdin!.drain());
  await sleep(0);
  assertEquals(drain.done, false);
  process.kill();
  await assertRejects(async () => await drain, Deno.errors.BrokenPipe);
  await process.wait();
});

Deno.test("a Web Stream into a program that has ended fails", async () => {
  const process = await createSubprocessExec("true", [], { stdin: PIPE });
  await process.wait();
  await assertRejects(
    () => new Response("anybody there?").body!.pipeTo(process.stdin!.writable),
    Deno.errors.BrokenPipe,
  );
});

Deno.test("a broken pipe that is not looked at does not bring the program down", async () => {
  const process = await createSubprocessExec("true", [], { stdin: PIPE });
  process.stdin!.write(MEGABYTE);
  process.stdin!.close();
  assertEquals(await process.wait(), 0);
  await sleep(0);
});

Deno.test("a program that writes for ever is not read further than asked", async () => {
  await using process = await createSubprocessExec("yes", [], {
    stdin: DEVNULL,
    stdout: PIPE,
  });
  assertEquals(text(await process.stdout!.readExactly(4)), "y\ny\n");
  const written = () =>
    Number(
      /wchar: (\d+)/.exec(Deno.readTextFileSync(`/proc/${process.pid}/io`))![1],
    );
  let last = -1;
  let same = 0;
  await until(() => {
    same = written() === last ? same + 1 : 0;
    last = written();
    return same === 100;
  }, "it writes no more");
  assert(last < 1_000_000, `it could write ${last} bytes`);
});

Deno.test("a pipe that is not read is closed when the program has ended", async () => {
  const warm = await createSubprocessExec("true");
  await warm.wait();
  const before = openFiles();
  const process = await createSubprocessShell("echo out; echo err >&2", {
    stdin: PIPE,
    stdout: PIPE,
    stderr: PIPE,
  });
  await process.wait();
  await until(() => openFiles() <= before, "its pipes are closed");
  assertEquals(text(await process.stdout!.read()), "out\n");
});

Deno.test("many programs leave no file open", async () => {
  const once = async () => {
    await using process = await createSubprocessShell("cat; echo err >&2", {
      stdin: PIPE,
      stdout: PIPE,
      stderr: PIPE,
    });
    process.stdin!.write("x");
    process.stdin!.close();
    await process.stdout!.readExactly(1);
  };
  await once();
  const before = openFiles();
  await gather(Array.from({ length: 30 }, () => once));
  await until(() => openFiles() <= before, "all files are closed");
});

Deno.test("the run's end closes pipes that descendants outside the group hold", async () => {
  let escaped = 0;
  await run(async () => {
    const process = await createSubprocessShell(
      "setsid sh -c 'echo $$; exec sleep 1000' & exit 0",
      { stdin: DEVNULL, stdout: PIPE },
    );
    escaped = Number(text(await process.stdout!.readLine()));
    await process.wait();
  });
  assertEquals(isAlive(escaped), true);
  Deno.kill(escaped, "SIGKILL");
});

Deno.test("a child's output is a Web Stream as well", async () => {
  const process = await createSubprocessExec("tr", ["a-z", "A-Z"], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const sent = new Response("shout").body!.pipeTo(process.stdin!.writable);
  assertEquals(await new Response(process.stdout!.readable).text(), "SHOUT");
  await sent;
  assertEquals(await process.wait(), 0);
});

Deno.test("cancelling the Web Stream of an output closes the pipe, so the program does not wait", async () => {
  const process = await createSubprocessExec("yes", [], {
    stdin: DEVNULL,
    stdout: PIPE,
  });
  for await (const chunk of process.stdout!.readable) {
    assert(chunk.length > 0);
    break;
  }
  assertEquals(await process.wait(), -13); // SIGPIPE
});

Deno.test("cancelling the Web Stream of an output leaves its other targets everything", async () => {
  let got = 0;
  const target = new WritableStream<Uint8Array>({
    write: (chunk) => void (got += chunk.length),
  });
  const process = await createSubprocessShell("head -c 5000000 /dev/zero", {
    stdin: DEVNULL,
    stdout: [PIPE, target],
  });
  const consumer = process.stdout!.readable.getReader();
  await consumer.read();
  await consumer.cancel();
  assertEquals(await process.wait(), 0);
  assertEquals(got, 5_000_000);
});
