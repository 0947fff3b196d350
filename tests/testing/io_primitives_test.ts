/** Everything that waits for the world outside, cancelled everywhere. @module */
import { assert, assertEquals } from "@std/assert";
import { createSubprocessExec, runSubprocess } from "@asyncio/asyncio/process";
import {
  openConnection,
  startServer,
  type StreamReader,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { toThread } from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";
import { isAlive, zombies } from "../process/_processes.ts";
import {
  bytes,
  closedAgain,
  openDescriptors,
  portOf,
  text,
} from "../streams/_sockets.ts";

async function echo(reader: StreamReader, writer: StreamWriter) {
  await using _ = writer;
  for await (const line of reader) {
    writer.write(line);
    await writer.drain();
  }
}

Deno.test("cancelled everywhere: a client and its server leave no socket open", async () => {
  const before = openDescriptors();
  const { points } = await cancelEverywhere(async () => {
    await using server = await startServer(echo, { hostname: "127.0.0.1" });
    const port = portOf(server);
    const { reader, writer } = await openConnection({ port });
    await using _ = writer;
    writer.write("one\ntwo\nthree\nfour");
    await writer.drain();
    assertEquals(text(await reader.readLine()), "one\n");
    assertEquals(text(await reader.readUntil("o\n")), "two\n");
    assertEquals(text(await reader.readExactly(6)), "three\n");
    writer.writeEof();
    assertEquals(text(await reader.read()), "four");
    writer.close();
    await writer.waitClosed();
    await server.shutdown({ timeout: 1000 });
  }, () => closedAgain(before));
  assert(points >= 8);
});

Deno.test("cancelled everywhere: a read that is given up keeps its bytes", async () => {
  let received = "";
  let rest = "";
  await cancelEverywhere(async () => {
    received = "";
    await using server = await startServer(async (_reader, writer) => {
      await using _ = writer;
      for (const part of ["a", "bc\n", "def", "\n"]) {
        writer.write(part);
        await writer.drain();
      }
    }, { hostname: "127.0.0.1" });
    const { reader, writer } = await openConnection({ port: portOf(server) });
    await using _ = writer;
    try {
      received += text(await reader.readLine());
      received += text(await reader.readExactly(2));
      received += text(await reader.readUntil("\n"));
    } finally {
      rest = text(await reader.read());
    }
  }, () => {
    // Before the connection stands there is nothing to receive.
    if (received + rest !== "") assertEquals(received + rest, "abc\ndef\n");
    rest = "";
  });
});

Deno.test("cancelled everywhere: a child is ended, and none is left a zombie", async () => {
  let pid: number | undefined;
  await cancelEverywhere(async () => {
    pid = undefined;
    await using child = await createSubprocessExec("cat", [], {
      stdin: "piped",
      stdout: "piped",
    });
    pid = child.pid;
    const { stdin, stdout } = child;
    stdin!.write(bytes("hello\n"));
    await stdin!.drain();
    assertEquals(text(await stdout!.readLine()), "hello\n");
    stdin!.close();
    await stdin!.waitClosed();
    assertEquals(await child.wait(), 0);
  }, () => {
    assert(pid === undefined || !isAlive(pid));
    assertEquals(zombies(), []);
  });
});

Deno.test("cancelled everywhere: a program that is run to its end leaves nothing", async () => {
  const before = openDescriptors();
  await cancelEverywhere(async () => {
    const { stdout } = await runSubprocess(["cat"], {
      input: "through a pipe",
      captureOutput: true,
    });
    assertEquals(stdout, "through a pipe");
  }, async () => {
    await closedAgain(before);
    assertEquals(zombies(), []);
  });
});

Deno.test("cancelled everywhere: work in a thread", async () => {
  const { points } = await cancelEverywhere(async () => {
    assertEquals(await toThread((n: number) => n * 2, 21), 42);
  }, () => {});
  assertEquals(points, 1);
});
