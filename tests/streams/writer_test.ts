import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { StreamWriter } from "@asyncio/asyncio/streams";
import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
import { createTask, gather, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_attempt.ts";
import { turns } from "../tasks/_turns.ts";
import { bytes, text } from "./_sockets.ts";

/**
 * A stream that keeps what is written to it, and can be made to wait or fail.
 */
class Sink {
  readonly chunks: string[] = [];
  closed = false;
  aborted = false;
  /** What a write waits for. */
  gate: Promise<void> = Promise.resolve();
  readonly writer: StreamWriter;

  constructor() {
    const write = async (chunk: Uint8Array) => {
      await this.gate;
      this.chunks.push(text(chunk));
    };
    this.writer = StreamWriter.from(
      new WritableStream({
        write,
        close: () => void (this.closed = true),
        abort: () => void (this.aborted = true),
      }),
    );
  }

  /** Lets writes wait until the returned function is called. */
  block(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gate = promise;
    return resolve;
  }
}

const MUCH = "x".repeat(65537);

// write

Deno.test("what is written in one turn leaves together, in order", async () => {
  const { writer, chunks } = new Sink();
  writer.write("a");
  writer.write(bytes("b"));
  writer.writeLines(["c", bytes("d")]);
  await writer.drain();
  for (const letter of "efg") {
    writer.write(letter);
    await writer.drain();
  }
  await turns();
  assertEquals(chunks, ["abcdefg"]);
});

Deno.test("what is written while a write is under way leaves together after it", async () => {
  const sink = new Sink();
  const open = sink.block();
  sink.writer.write("first");
  await turns();
  sink.writer.write("sec");
  await turns();
  sink.writer.write("ond");
  await turns();
  open();
  await turns();
  assertEquals(sink.chunks, ["first", "second"]);
});

Deno.test("the bytes are taken as they are when they are written", async () => {
  const { writer, chunks } = new Sink();
  const data = bytes("before");
  writer.write(data);
  data.set(bytes("after!"));
  await turns();
  assertEquals(chunks, ["before"]);
});

Deno.test("a stream may keep the chunks that it was given", async () => {
  const kept: Uint8Array[] = [];
  const writer = StreamWriter.from(
    new WritableStream({ write: (chunk) => void kept.push(chunk) }),
  );
  for (const word of ["one", "two", "six"]) {
    writer.write(word);
    await turns();
  }
  assertEquals(kept.map(text), ["one", "two", "six"]);
});

Deno.test("text is written as UTF-8", async () => {
  const { writer, chunks } = new Sink();
  writer.write("grüße 🙂");
  await turns();
  assertEquals(chunks, ["grüße 🙂"]);
});

for (const data of [1, null, undefined, [1], new ArrayBuffer(1)]) {
  Deno.test(`write(${Deno.inspect(data)}) is a TypeError`, async () => {
    const { writer, chunks } = new Sink();
    assertThrows(() => writer.write(data as never), TypeError);
    assertThrows(() => writer.writeLines(["a", data as never]), TypeError);
    await turns();
    assertEquals(chunks, []);
  });
}

Deno.test("write after close, abort or writeEof is an error", () => {
  for (const end of ["close", "abort", "writeEof"] as const) {
    const { writer } = new Sink();
    writer[end]();
    assertThrows(
      () => writer.write("a"),
      Error,
      end === "writeEof" ? "writeEof" : "closed",
    );
    assertThrows(() => writer.writeLines(["a"]), Error);
  }
});

// drain

Deno.test("drain passes while no more than 64 KiB are unsent", async () => {
  const sink = new Sink();
  sink.block();
  sink.writer.write("x".repeat(65536));
  await sink.writer.drain();
});

Deno.test("drain waits above 64 KiB, until no more than 16 KiB are left", async () => {
  const sink = new Sink();
  let open = sink.block();
  sink.writer.write("x".repeat(40_000));
  await turns();
  sink.writer.write("y".repeat(40_000));
  let drained = false;
  const drain = sink.writer.drain().then(() => drained = true);
  const next = open;
  open = sink.block();
  next();
  await turns();
  assertEquals(drained, false, "40 000 bytes are left");
  open();
  await drain;
  assertEquals(sink.chunks.length, 2);
});

Deno.test("any number of tasks may drain", async () => {
  const sink = new Sink();
  const open = sink.block();
  sink.writer.write(MUCH);
  const drains = Array.from({ length: 5 }, () => () => sink.writer.drain());
  const all = gather(drains);
  await turns();
  open();
  assertEquals((await all).length, 5);
});

Deno.test("a drain given up leaves the bytes to be sent, and the others waiting", async () => {
  const sink = new Sink();
  const open = sink.block();
  sink.writer.write(MUCH);
  const cancelled = new Attempt((options) => sink.writer.drain(options));
  const aborted = new Attempt((options) => sink.writer.drain(options));
  const patient = new Attempt((options) => sink.writer.drain(options));
  cancelled.cancel();
  aborted.abort();
  open();
  await gather([cancelled.task, aborted.task, patient.task]);
  assertEquals(
    [cancelled.outcome, aborted.outcome, patient.outcome],
    ["cancelled", "Aborted", "value"],
  );
  assertEquals(sink.chunks.join("").length, MUCH.length);
});

Deno.test("a task that writes and drains without pause leaves timers their turn", async () => {
  const { writer } = new Sink();
  let fired = false;
  const timer = setTimeout(() => fired = true);
  for (let i = 0; i < 1_000_000 && !fired; i++) {
    writer.write("x");
    await writer.drain();
  }
  clearTimeout(timer);
  assert(fired);
});

// A lost connection

Deno.test("a write that fails surfaces at drain and waitClosed, and nowhere else", async () => {
  const sink = new Sink();
  const lost = new Error("lost");
  sink.gate = Promise.reject(lost);
  sink.writer.write("a");
  await turns();
  assertEquals(sink.writer.isClosing, true);
  sink.writer.write("dropped");
  assertStrictEquals(await assertRejects(() => sink.writer.drain()), lost);
  assertStrictEquals(await assertRejects(() => sink.writer.waitClosed()), lost);
  sink.writer.close();
  assertStrictEquals(await assertRejects(() => sink.writer.waitClosed()), lost);
  await turns();
  assertEquals(sink.chunks, []);
});

Deno.test("a write that fails ends all drains that wait", async () => {
  const sink = new Sink();
  const { promise, reject } = Promise.withResolvers<void>();
  sink.gate = promise;
  sink.writer.write(MUCH);
  const drains = [
    sink.writer.drain(),
    sink.writer.drain(),
    sink.writer.waitClosed(),
  ];
  await turns();
  reject(new Error("lost"));
  for (const drain of drains) await assertRejects(() => drain, Error, "lost");
});

Deno.test("a lost connection that nobody asks about disturbs nobody", async () => {
  const sink = new Sink();
  sink.gate = Promise.reject(new Error("lost"));
  sink.writer.write("a");
  sink.writer.close();
  await turns();
});

// Closing

Deno.test("close sends what is unsent, and waitClosed waits for that", async () => {
  const sink = new Sink();
  const open = sink.block();
  sink.writer.write("all");
  sink.writer.close();
  sink.writer.close();
  assertEquals(sink.writer.isClosing, true);
  let closed = false;
  const waiting = sink.writer.waitClosed().then(() => closed = true);
  await turns();
  assertEquals(closed, false);
  open();
  await waiting;
  assertEquals(sink.chunks, ["all"]);
  assertEquals(sink.closed, true);
  await sink.writer.waitClosed();
  await sink.writer.drain();
});

Deno.test("abort drops what is unsent, ends every wait, and waitClosed is content", async () => {
  const sink = new Sink();
  sink.block();
  sink.writer.write(MUCH);
  await turns();
  const drain = sink.writer.drain();
  const closed = sink.writer.waitClosed();
  sink.writer.abort();
  sink.writer.abort();
  await assertRejects(() => drain, Deno.errors.ConnectionAborted);
  await assertRejects(() => sink.writer.drain(), Deno.errors.ConnectionAborted);
  await closed;
  await sink.writer.waitClosed();
  assertEquals(sink.chunks, []);
});

Deno.test("abort ends a close that waits for a sink that takes no more", async () => {
  const sink = new Sink();
  sink.block();
  sink.writer.write("a");
  sink.writer.close();
  const closed = createTask(() => sink.writer.waitClosed());
  await sleep(0);
  sink.writer.abort();
  await closed;
});

Deno.test("a wait for the closing that is given up leaves the closing as it is", async () => {
  const sink = new Sink();
  const open = sink.block();
  sink.writer.write("a");
  sink.writer.close();
  const attempt = new Attempt((options) => sink.writer.waitClosed(options));
  attempt.cancel();
  await attempt.task;
  open();
  await sink.writer.waitClosed();
  assertEquals(sink.chunks, ["a"]);
});

Deno.test("writeEof of a stream closes it when everything is sent", async () => {
  const sink = new Sink();
  assertEquals(sink.writer.canWriteEof, true);
  sink.writer.write("a");
  sink.writer.writeEof();
  sink.writer.writeEof();
  await turns();
  assertEquals([sink.chunks, sink.closed], [["a"], true]);
  sink.writer.close();
  await sink.writer.waitClosed();
});

Deno.test("writeEof of a stream is its close: waitClosed waits until everything is sent", async () => {
  const sink = new Sink();
  const open = sink.block();
  sink.writer.write("all");
  sink.writer.writeEof();
  assertEquals(sink.writer.isClosing, true);
  const waiting = new Attempt((options) => sink.writer.waitClosed(options));
  await turns();
  assertEquals([waiting.outcome, sink.closed], ["pending", false]);
  open();
  await sink.writer.waitClosed();
  assertEquals([sink.chunks, sink.closed], [["all"], true]);
  sink.writer.writeEof();
  sink.writer.close();
});

Deno.test("writeEof of a program's input is its close", async () => {
  await using program = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const stdin = program.stdin!;
  stdin.write("all");
  stdin.writeEof();
  assertEquals(stdin.isClosing, true);
  await stdin.waitClosed();
  assertEquals(text(await program.stdout!.read()), "all");
  await program.wait();
});

Deno.test("disposing closes in order, and is content with a lost connection", async () => {
  const sink = new Sink();
  {
    await using writer = sink.writer;
    writer.write("a");
  }
  assertEquals([sink.chunks, sink.closed], [["a"], true]);

  const broken = new Sink();
  broken.gate = Promise.reject(new Error("lost"));
  broken.writer.write("a");
  await turns();
  await broken.writer[Symbol.asyncDispose]();
});

// Looking inside

Deno.test("console.log shows the state of a writer", async () => {
  const sink = new Sink();
  sink.block();
  sink.writer.write("abc");
  assertEquals(
    Deno.inspect(sink.writer),
    "StreamWriter { unsent: 3, closing: false, closed: false }",
  );
  sink.writer.abort();
  await turns();
  assertEquals(
    Deno.inspect(sink.writer),
    "StreamWriter { unsent: 0, closing: true, closed: true }",
  );
});

Deno.test("what a writer does not know is the fallback", () => {
  const { writer } = new Sink();
  assertEquals(writer.getExtraInfo("peername"), undefined);
  assertEquals(writer.getExtraInfo("peername", "nobody"), "nobody");
});

Deno.test("a writer that is no client's connection cannot start TLS", async () => {
  await assertRejects(() => new Sink().writer.startTls(), Error, "client");
});
