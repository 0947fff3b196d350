import { assert, assertEquals, assertRejects } from "@std/assert";
import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
import {
  openConnection,
  startServer,
  StreamReader,
  StreamWriter,
} from "@asyncio/asyncio/streams";
import { createTask } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { LOOPBACK } from "../_helpers/loopback.ts";
import { turns } from "../_helpers/turns.ts";
import { until } from "../_helpers/until.ts";
import { ended, open } from "./_fed.ts";
import { RawPeer } from "./_raw_peer.ts";
import { bytes, portOf, RawPair, readAll, text } from "./_sockets.ts";
import { Sink } from "./_sink.ts";
import { Folder } from "../_helpers/folder.ts";

/** Bytes that tell where they stand. */
function numbered(length: number): Uint8Array<ArrayBuffer> {
  const numbers = new Uint32Array(Math.ceil(length / 4)).map((_, i) => i);
  return new Uint8Array(numbers.buffer).subarray(0, length);
}

Deno.test("pipeTo hands on everything, closes the writer, and tells how much it was", async () => {
  const sink = new Sink();
  assertEquals(await ended("all of it").pipeTo(sink.writer), 9);
  assertEquals([sink.chunks.join(""), sink.closed], ["all of it", true]);
});

Deno.test("pipeTo of nothing closes the writer", async () => {
  const sink = new Sink();
  assertEquals(await ended("").pipeTo(sink.writer), 0);
  assertEquals([sink.chunks, sink.closed], [[], true]);
});

Deno.test("with preventClose the writer stays open, and everything is sent", async () => {
  const sink = new Sink();
  const options = { preventClose: true };
  assertEquals(await ended("one ").pipeTo(sink.writer, options), 4);
  assertEquals([sink.chunks.join(""), sink.closed], ["one ", false]);
  assertEquals(await ended("two").pipeTo(sink.writer), 3);
  assertEquals([sink.chunks.join(""), sink.closed], ["one two", true]);
});

Deno.test("what was written before goes first", async () => {
  const sink = new Sink();
  sink.writer.write("first ");
  await ended("second").pipeTo(sink.writer);
  assertEquals(sink.chunks.join(""), "first second");
});

Deno.test("several pipes to one writer share it, a chunk at a time each", async () => {
  const sink = new Sink();
  const readers = [open("a"), open("b"), open("c")];
  const options = { preventClose: true };
  const pipes = readers.map((each) => each.pipeTo(sink.writer, options));
  for (let i = 0; i < 10; i++) {
    for (const reader of readers) reader.feedData(bytes("-"));
    await turns(1);
  }
  for (const reader of readers) reader.feedEof();

  assertEquals(await Promise.all(pipes), [11, 11, 11]);
  assertEquals(sink.chunks.join("").length, 33);
});

Deno.test("a writer that its own stream aborts while it is written to ends the pipe", async () => {
  const writer = StreamWriter.from(
    new WritableStream({
      write: () => writer.abort(),
    }),
  );
  await turns(1);
  const reader = open("a"); // and then silent
  await assertRejects(() => reader.pipeTo(writer), Error, "aborted");
});

Deno.test("a pipe that is refused leaves the one under way as it is", async () => {
  const sink = new Sink();
  const reader = open("a");
  const piping = reader.pipeTo(sink.writer);
  await assertRejects(() => reader.pipeTo(sink.writer), Error, "one read");
  for (let i = 0; i < 10; i++) {
    reader.feedData(bytes("-"));
    await turns(1);
  }
  reader.feedEof();
  assertEquals(await piping, 11);
});

Deno.test("what is unread, and what comes, is handed on in order", async () => {
  const reader = open("abc");
  assertEquals(text(await reader.readExactly(1)), "a");
  const sink = new Sink();
  const piping = reader.pipeTo(sink.writer);
  for (const part of ["d", "ef", "g"]) {
    reader.feedData(bytes(part));
    await turns(1);
  }
  reader.feedEof();
  assertEquals(await piping, 6);
  assertEquals(sink.chunks.join(""), "bcdefg");
});

for (const kind of ["tcp", "unix"] as const) {
  Deno.test(`an echo over ${kind} by pipeTo gives much back as it came`, async () => {
    await using folder = new Folder();
    const where = kind === "tcp"
      ? LOOPBACK
      : { path: folder.file("echo.sock") };
    await using server = await startServer(
      (reader, writer) => reader.pipeTo(writer),
      where,
    );
    const { reader, writer } = await openConnection(
      "path" in where ? where : { port: portOf(server) },
    );
    const data = numbered(20_000_000);
    const sending = createTask(async () => {
      for (let at = 0; at < data.length; at += 77_777) {
        writer.write(data.subarray(at, at + 77_777));
        await writer.drain();
      }
      writer.writeEof();
    });
    assertEquals(await reader.read(), data);
    await sending;
    await server.shutdown();
  });
}

Deno.test("a proxy by two pipes, each of which ends one direction", async () => {
  await using server = await startServer(async (reader, writer) => {
    const question = await reader.read();
    writer.write(`you asked: ${text(question)}`);
    writer.close();
  }, LOOPBACK);
  await using proxy = await startServer(async (reader, writer) => {
    const target = await openConnection({ port: portOf(server) });
    await Promise.all([
      reader.pipeTo(target.writer, { preventClose: true })
        .then(() => target.writer.writeEof()),
      target.reader.pipeTo(writer),
    ]);
  }, LOOPBACK);
  await using client = await openConnection({ port: portOf(proxy) });
  client.writer.write("what?");
  client.writer.writeEof();
  assertEquals(text(await client.reader.read()), "you asked: what?");
});

Deno.test("pipeTo reaches a program, and comes from one", async () => {
  const data = numbered(1_000_000);
  await using process = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const received = process.stdout!.read();
  const source = StreamReader.from(new Response(data).body!);
  assertEquals(await source.pipeTo(process.stdin!), data.length);
  assertEquals(await received, data);
});

Deno.test("pipeTo to a Web Stream gives chunks that stay as they are", async () => {
  const chunks: Uint8Array[] = [];
  await using server = await startServer(async (_reader, writer) => {
    for (let i = 0; i < 200; i++) {
      writer.write(new Uint8Array(1000).fill(i));
      await writer.drain();
      await turns(1);
    }
    writer.close();
  }, LOOPBACK);
  await using client = await openConnection({ port: portOf(server) });
  const writer = StreamWriter.from(
    new WritableStream({ write: (chunk) => void chunks.push(chunk) }),
  );
  assertEquals(await client.reader.pipeTo(writer), 200_000);
  let at = 0;
  for (const chunk of chunks) {
    for (const byte of chunk) assert(byte === Math.floor(at++ / 1000) % 256);
  }
});

// Backpressure

Deno.test("a slow writer holds the source back", async () => {
  using from = await RawPair.open();
  const sink = new Sink();
  const release = sink.block();
  const piping = from.client.reader.pipeTo(sink.writer);
  const size = 30_000_000;
  let isSent = false;
  const sending = (async () => {
    const data = new Uint8Array(size);
    for (let at = 0; at < size;) {
      at += await from.peer.write(data.subarray(at));
    }
    isSent = true;
    from.peer.close();
  })();
  await turns(200);
  assertEquals(isSent, false);
  release();
  assertEquals(await piping, size);
  await sending;
});

// Errors and ends

Deno.test("an error of the source comes after what came before, and leaves the writer open", async () => {
  const sink = new Sink();
  const release = sink.block();
  sink.writer.write("first ");
  const reader = StreamReader.from(
    new ReadableStream({
      start: (controller) => controller.enqueue(bytes("half")),
      pull: (controller) => controller.error(new TypeError("broken")),
    }, { highWaterMark: 0 }),
  );
  const piping = assertRejects(
    () => reader.pipeTo(sink.writer),
    TypeError,
    "broken",
  );
  await turns();
  release();
  await piping;
  sink.writer.write(" and more");
  sink.writer.close();
  await sink.writer.waitClosed();
  assertEquals(sink.chunks.join(""), "first half and more");
});

Deno.test("a writer that fails rejects it, and what was not handed on can be read", async () => {
  const writer = StreamWriter.from(
    new WritableStream({ write: () => Promise.reject(new TypeError("full")) }),
  );
  const reader = open("handed on");
  const piping = assertRejects(() => reader.pipeTo(writer), TypeError, "full");
  reader.feedData(bytes("not"));
  await piping;
  reader.feedEof();
  assertEquals(text(await reader.read()), "not");
});

Deno.test("a peer that resets the target ends the pipe of a silent source", async () => {
  await using target = await RawPeer.open();
  const reader = open("hello");
  const piping = assertRejects(
    () => reader.pipeTo(target.client.writer),
    Deno.errors.ConnectionReset,
  );
  await turns();
  target.reset();
  await piping;
  reader.feedData(bytes("there"));
  reader.feedEof();
  assertEquals(text(await reader.read()), "there");
});

for (const end of ["close", "abort", "writeEof"] as const) {
  Deno.test(`a writer that ends by ${end} ends the pipe of a silent source`, async () => {
    using pair = await RawPair.open();
    const { writer } = pair.client;
    const reader = open("hello");
    const piping = assertRejects(() => reader.pipeTo(writer), Error);
    await turns();
    writer[end]();
    await piping;
    reader.feedData(bytes("there"));
    reader.feedEof();
    assertEquals(text(await reader.read()), "there");
    writer.abort();
  });

  Deno.test(`a writer that has ended by ${end} takes nothing`, async () => {
    using pair = await RawPair.open();
    const { writer } = pair.client;
    writer[end]();
    const reader = ended("hello");
    await assertRejects(() => reader.pipeTo(writer), Error);
    assertEquals(text(await reader.read()), "hello");
    writer.abort();
  });
}

Deno.test("what is no writer is a TypeError, and takes nothing", async () => {
  const reader = ended("hello");
  const stream = new WritableStream();
  await assertRejects(
    () => reader.pipeTo(stream as unknown as StreamWriter),
    TypeError,
    "StreamWriter.from",
  );
  assertEquals(text(await reader.read()), "hello");
});

Deno.test("pipeTo is a read: no other goes beside it", async () => {
  const reader = open("hello");
  const sink = new Sink();
  const piping = reader.pipeTo(sink.writer);
  await assertRejects(() => reader.read(1), Error, "pipeTo is still waiting");
  await assertRejects(() => reader.pipeTo(sink.writer), Error, "pipeTo");
  reader.feedEof();
  assertEquals(await piping, 5);
});

// Giving up

for (const giveUp of ["cancel", "abort"] as const) {
  Deno.test(`a pipe given up by ${giveUp} leaves both ends open, and another goes on without a gap`, async () => {
    using from = await RawPair.open();
    using to = await RawPair.open();
    const { reader } = from.client;
    const { writer } = to.client;
    const data = numbered(8_000_000);
    const received = readAllBytes(to.peer);
    const sending = (async () => {
      for (let at = 0; at < data.length;) {
        at += await from.peer.write(data.subarray(at, at + 100_000));
      }
      from.peer.close();
    })();
    for (let round = 0; round < 20; round++) {
      const attempt = new Attempt((options) =>
        reader.pipeTo(writer, { ...options, preventClose: true })
      );
      await turns(2);
      attempt[giveUp]();
      await attempt.task.catch(() => {});
      if (attempt.outcome === "value") break;
      assertEquals(writer.isClosing, false);
    }
    await reader.pipeTo(writer);
    await sending;
    assertEquals(await received, data);
  });

  Deno.test(`a pipe given up by ${giveUp} leaves what has not come to the next read`, async () => {
    const reader = open("hello ");
    const sink = new Sink();
    const attempt = new Attempt((options) =>
      reader.pipeTo(sink.writer, options)
    );
    await turns();
    attempt[giveUp]();
    reader.feedData(bytes("there"));
    await attempt.task;
    assertEquals(
      attempt.outcome,
      giveUp === "cancel" ? "cancelled" : "Aborted",
    );
    reader.feedEof();
    assertEquals(text(await reader.read()), "there");
    sink.writer.close();
    await sink.writer.waitClosed();
    assertEquals(sink.chunks.join(""), "hello ");
  });

  Deno.test(`a pipe given up by ${giveUp} while its last bytes are sent leaves the writer open, and another closes it`, async () => {
    const sink = new Sink();
    const release = sink.block();
    const reader = ended("hello");
    const attempt = new Attempt((options) =>
      reader.pipeTo(sink.writer, options)
    );
    await turns();
    assertEquals(reader.atEof, true);
    attempt[giveUp]();
    await attempt.task.catch(() => {});
    assertEquals(sink.writer.isClosing, false);
    const piping = reader.pipeTo(sink.writer);
    release();
    assertEquals(await piping, 0);
    assertEquals([sink.chunks.join(""), sink.closed], ["hello", true]);
  });

  Deno.test(`a pipe given up by ${giveUp} while it closes the writer is ended by another`, async () => {
    const closing = Promise.withResolvers<void>();
    const writer = StreamWriter.from(
      new WritableStream({ close: () => closing.promise }),
    );
    const reader = ended("hello");
    const attempt = new Attempt((options) => reader.pipeTo(writer, options));
    await until(() => writer.isClosing);
    attempt[giveUp]();
    await attempt.task.catch(() => {});
    const piping = new Attempt((options) => reader.pipeTo(writer, options));
    await turns();
    assertEquals(piping.outcome, "pending");
    closing.resolve();
    await piping.task;
    assertEquals(piping.value, 0);
  });
}

Deno.test("a pipe that is cancelled or aborted before takes nothing", async () => {
  const sink = new Sink();
  const reader = ended("hello");
  const signal = AbortSignal.abort(new TypeError("before"));
  await assertRejects(
    () => reader.pipeTo(sink.writer, { signal }),
    TypeError,
    "before",
  );
  const task = createTask(async () => {
    task.cancel();
    await reader.pipeTo(sink.writer);
  });
  await task.catch(() => {});
  assertEquals(task.cancelled, true);
  assertEquals(text(await reader.read()), "hello");
});

Deno.test("after a pipe its reader and writer are used as before", async () => {
  using from = await RawPair.open();
  using to = await RawPair.open();
  const { reader } = from.client;
  const { writer } = to.client;
  for (let round = 0; round < 3; round++) {
    const controller = new AbortController();
    const piping = reader.pipeTo(writer, { signal: controller.signal });
    await from.peer.write(bytes("piped "));
    await until(() => Deno.inspect(writer).includes("unsent: 0"));
    await turns();
    controller.abort();
    await piping.catch(() => {});
    await from.peer.write(bytes("read\n"));
    const line = text(await reader.readLine());
    writer.write(line);
    await writer.drain();
  }
  writer.writeEof();
  assertEquals(await readAll(to.peer), "piped read\n".repeat(3));
});

async function readAllBytes(conn: Deno.Conn): Promise<Uint8Array> {
  const buffer = new Uint8Array(10_000_000);
  let size = 0;
  for (let n; (n = await conn.read(buffer.subarray(size))) !== null;) size += n;
  return buffer.subarray(0, size);
}
