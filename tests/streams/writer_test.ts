import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StreamWriter } from "@asyncio/asyncio/streams";
import { gather } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
import { bytes, RawPair, text } from "./_sockets.ts";
import { MUCH, Sink } from "./_sink.ts";

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

Deno.test("texts of any length and content, written in one turn, come out one after the other", async () => {
  const chunks: Uint8Array[] = [];
  const writer = StreamWriter.from(
    new WritableStream({ write: (chunk) => void chunks.push(chunk) }),
  );
  let all = "";
  for (const letter of ["x", "é", "語", "🙂", "\ud83d"]) {
    for (const length of [0, 1, 10, 1364, 1365, 1366, 4096, 5000]) {
      const text = `${letter.repeat(length)}.`;
      all += text;
      writer.write(text);
    }
  }
  writer.close();
  await writer.waitClosed();
  const written = await new Blob(chunks as BlobPart[]).arrayBuffer();
  assertEquals(new Uint8Array(written), new TextEncoder().encode(all));
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

Deno.test("writeLines of what is no iterable is a TypeError, and nothing is sent", async () => {
  const { writer, chunks } = new Sink();
  for (const lines of [undefined, null, 5, {}, true]) {
    assertThrows(
      () => writer.writeLines(lines as never),
      TypeError,
      "Cannot write: expected an iterable",
    );
  }
  await turns();
  assertEquals(chunks, []);
});

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

// --- Looking inside ----------------------------------------------------------

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
  assertEquals(writer.getExtraInfo("peername", "unknown"), "unknown");
});

Deno.test("startTls refuses options that are no object, and changes nothing", async () => {
  using pair = await RawPair.open();
  const { writer } = pair.client;
  for (const options of [null, 5, "x"]) {
    await assertRejects(
      () => writer.startTls(options as never),
      TypeError,
      "Cannot start TLS: options are an object, received",
    );
  }
  assertEquals(writer.isClosing, false);
});

Deno.test("a writer that is of no socket cannot start TLS", async () => {
  await assertRejects(
    () => new Sink().writer.startTls(),
    Error,
    "no connection",
  );
});
