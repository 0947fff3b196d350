import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  IncompleteReadError,
  LimitOverrunError,
  StreamReader,
} from "@asyncio/asyncio/streams";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
import { bytes, text } from "./_sockets.ts";
import { ended, open, WAYS } from "./_fed.ts";

// read

Deno.test("read(n) gives what is there, up to n bytes", async () => {
  const reader = ended("hello");
  assertEquals(text(await reader.read(3)), "hel");
  assertEquals(text(await reader.read(3)), "lo");
  assertEquals(text(await reader.read(3)), "");
});

Deno.test("read(n) waits for the first byte, and for no more than that", async () => {
  const reader = new StreamReader();
  const reading = reader.read(100);
  reader.feedData(bytes("a"));
  assertEquals(text(await reading), "a");
});

Deno.test("read(0) gives nothing, and does not wait", async () => {
  assertEquals((await new StreamReader().read(0)).length, 0);
});

Deno.test("read() gives everything up to the end, beyond the limit too", async () => {
  const reader = new StreamReader({ limit: 2 });
  const reading = reader.read();
  reader.feedData(bytes("much "));
  reader.feedData(bytes("more"));
  reader.feedEof();
  assertEquals(text(await reading), "much more");
});

Deno.test("read at the end gives nothing, again and again", async () => {
  const reader = ended("");
  for (let i = 0; i < 3; i++) assertEquals((await reader.read()).length, 0);
  assertEquals((await reader.read(5)).length, 0);
});

for (const n of [-1, NaN, 1.5, "3"]) {
  Deno.test(`read(${n}) and readExactly(${n}) are a RangeError`, async () => {
    const reader = ended("abc");
    await assertRejects(() => reader.read(n as number), RangeError);
    await assertRejects(() => reader.readExactly(n as number), RangeError);
    assertEquals(text(await reader.read()), "abc");
  });
}

// readExactly

Deno.test("readExactly waits until all is there", async () => {
  const reader = open("ab");
  const reading = reader.readExactly(4);
  reader.feedData(bytes("cde"));
  assertEquals(text(await reading), "abcd");
  assertEquals(text(await reader.readExactly(1)), "e");
});

Deno.test("readExactly is not bound by the limit", async () => {
  const reader = ended("0123456789", { limit: 3 });
  assertEquals(text(await reader.readExactly(10)), "0123456789");
});

Deno.test("readExactly gives what is there in the error when the stream ends before", async () => {
  const reader = ended("abc");
  const error = await assertRejects(
    () => reader.readExactly(5),
    IncompleteReadError,
  );
  assertEquals(text(error.partial), "abc");
  assertEquals(error.expected, 5);
  assertEquals(error.name, "IncompleteReadError");
  assertEquals(reader.atEof, true);
});

Deno.test("readExactly(0) gives nothing, and does not wait", async () => {
  assertEquals((await new StreamReader().readExactly(0)).length, 0);
});

// readLine

Deno.test("readLine gives lines with their newline, then what is left, then nothing", async () => {
  const reader = ended("one\n\ntwo");
  assertEquals(text(await reader.readLine()), "one\n");
  assertEquals(text(await reader.readLine()), "\n");
  assertEquals(text(await reader.readLine()), "two");
  assertEquals(text(await reader.readLine()), "");
});

Deno.test("readLine over the limit drops the line, and goes on with the next", async () => {
  const reader = open("too long\nok\n", { limit: 4 });
  const error = await assertRejects(() => reader.readLine(), LimitOverrunError);
  assertEquals(error.consumed, 8);
  assertEquals(text(await reader.readLine()), "ok\n");
});

Deno.test("readLine over the limit without a newline drops what is there", async () => {
  const reader = open("too long", { limit: 4 });
  await assertRejects(() => reader.readLine(), LimitOverrunError);
  reader.feedData(bytes("end\n"));
  assertEquals(text(await reader.readLine()), "end\n");
});

Deno.test("of a line over the limit all is dropped that is fed in the same turn, up to its end", async () => {
  const READS: ((reader: StreamReader) => Promise<unknown>)[] = [
    (reader) => reader.readLine(),
    (reader) => reader.readTextLine(),
    (reader) => reader.lines()[Symbol.asyncIterator]().next(),
    (reader) => reader[Symbol.asyncIterator]().next(),
  ];
  for (const read of READS) {
    const reader = new StreamReader({ limit: 7 });
    const reading = assertRejects(() => read(reader), LimitOverrunError);
    for (const chunk of ["chunk1", "chunk2", "chunk3\n", "next\n"]) {
      reader.feedData(bytes(chunk));
    }
    await reading;
    assertEquals(text(await reader.readLine()), "next\n");
  }
});

Deno.test("a read of a line over the limit that is cancelled in that turn leaves all of it", async () => {
  const reader = new StreamReader({ limit: 3 });
  const attempt = new Attempt((options) => reader.readLine(options));
  await turns();
  reader.feedData(bytes("abcdef"));
  attempt.cancel();
  await attempt.task.catch(() => {});
  assertEquals(attempt.outcome, "cancelled");
  assertEquals(text(await reader.readExactly(6)), "abcdef");
  const error = await assertRejects(() => {
    reader.feedData(bytes("ghijk"));
    return reader.readLine();
  }, LimitOverrunError);
  assertEquals(error.consumed, 5);
});

Deno.test("a line as long as the limit is read, its newline not counted", async () => {
  const reader = ended("1234\n", { limit: 4 });
  assertEquals(text(await reader.readLine()), "1234\n");
});

// --- One read at a time ------------------------------------------------------

Deno.test("lines ends a line at its newline, also where the carriage return was read before", async () => {
  const reader = ended("a\r\nbcd\nef\n");
  await reader.readUntil("\r");
  assertEquals(await Array.fromAsync(reader.lines()), ["", "bcd", "ef"]);
});

Deno.test("lines() splits only at newlines, also in a line of several chunks", async () => {
  const data = bytes("a\r\nb\u2028c\u0085d\ve\r\n\r\n");
  for (let cut = 1; cut < data.length; cut++) {
    const reader = new StreamReader();
    const lines = Array.fromAsync(reader.lines());
    reader.feedData(data.subarray(0, cut));
    await turns();
    reader.feedData(data.subarray(cut));
    reader.feedEof();
    assertEquals(await lines, ["a", "b\u2028c\u0085d\ve", ""], `cut at ${cut}`);
  }
});

Deno.test("a second read while one waits is an error that says so, and the first goes on", async () => {
  const reader = new StreamReader();
  const first = reader.readLine();
  await assertRejects(() => reader.read(1), Error, "one read at a time");
  reader.feedData(bytes("line\n"));
  assertEquals(text(await first), "line\n");
});

// --- Feeding by hand ---------------------------------------------------------

Deno.test("what is fed is copied", async () => {
  const reader = new StreamReader();
  const data = bytes("abc");
  reader.feedData(data);
  data.fill(0);
  assertEquals(text(await reader.read(3)), "abc");
});

Deno.test("what was read is the reader's no more: changing it changes nothing", async () => {
  const reader = open("x".repeat(20_000));
  (await reader.read(20_000)).fill(0);
  reader.feedData(bytes("y".repeat(20_000)));
  assertEquals(text(await reader.readExactly(20_000)), "y".repeat(20_000));
});

Deno.test("feeding nothing wakes no read", async () => {
  const reader = new StreamReader();
  const reading = reader.read(1);
  reader.feedData(new Uint8Array(0));
  reader.feedData(bytes("a"));
  assertEquals(text(await reading), "a");
});

Deno.test("feeding after the end is an error", () => {
  const reader = ended("");
  assertThrows(() => reader.feedData(bytes("a")), Error, "end");
});

Deno.test("feeding the end again changes nothing", () => {
  const reader = ended("");
  reader.feedEof();
  assertEquals(reader.atEof, true);
});

Deno.test("feeding something else than bytes is a TypeError", () => {
  assertThrows(() => new StreamReader().feedData("a" as never), TypeError);
});

Deno.test("feeding a reader that has a source is an error", () => {
  const reader = StreamReader.from(new ReadableStream());
  assertThrows(() => reader.feedData(bytes("a")), Error, "source");
  assertThrows(() => reader.feedEof(), Error, "source");
});

Deno.test("atEof is true when the end was fed and everything is read", async () => {
  const reader = ended("a");
  assertEquals(reader.atEof, false);
  await reader.read(1);
  assertEquals(reader.atEof, true);
});

// --- Errors ------------------------------------------------------------------

Deno.test("an exception fails the read that waits and every later one, also with bytes unread", async () => {
  const reader = open("unread");
  const reading = reader.readExactly(10);
  const error = new Error("lost");
  reader.setException(error);
  for (const read of [() => reading, ...Object.values(WAYS)]) {
    assertStrictEquals(await assertRejects(() => read(reader)), error);
  }
});

Deno.test("setting an exception when a read was cancelled is no problem", async () => {
  const reader = new StreamReader();
  const attempt = new Attempt((options) => reader.readLine(options));
  attempt.cancel();
  reader.setException(new Error("lost"));
  await attempt.task;
  assertEquals(attempt.outcome, "cancelled");
  await assertRejects(() => reader.read(), Error, "lost");
});

for (const limit of [0, -1, NaN, "1"]) {
  Deno.test(`a limit of ${limit} is a RangeError`, () => {
    const options = { limit: limit as number };
    assertThrows(() => new StreamReader(options), RangeError);
    const stream = new ReadableStream();
    assertThrows(() => StreamReader.from(stream, options), RangeError);
    assertEquals(stream.locked, false);
  });
}

// --- Looking inside ----------------------------------------------------------

Deno.test("console.log shows the state of a reader", async () => {
  const reader = open("abc");
  assertEquals(
    Deno.inspect(reader),
    "StreamReader { limit: 65536, buffered: 3, eof: false }",
  );
  const reading = reader.readLine();
  assertEquals(
    Deno.inspect(reader),
    'StreamReader { limit: 65536, buffered: 3, eof: false, waiting: "StreamReader.readLine" }',
  );
  reader.feedEof();
  await reading;
});

Deno.test("a program that reads without pause what is there leaves timers their turn", async () => {
  const reader = open("\n".repeat(1_000_000));
  let fired = false;
  const timer = setTimeout(() => fired = true);
  let read = 0;
  while (!fired && read < 1_000_000) read += (await reader.readLine()).length;
  clearTimeout(timer);
  assertEquals(fired, true);
});

Deno.test("what read and readExactly give has a buffer of its own, also where more has come", async () => {
  const reader = new StreamReader();
  reader.feedData(new Uint8Array(20_000).map((_, i) => i));
  for (const n of [1, 4, 64, 1000]) {
    assertEquals((await reader.readExactly(n)).buffer.byteLength, n);
    assertEquals((await reader.read(n)).buffer.byteLength, n);
  }
});

for (
  const [name, read] of Object.entries({
    "read": (reader: StreamReader) => reader.read(1),
    "readLine": (reader: StreamReader) => reader.readLine(),
  })
) {
  Deno.test(`${name} at the end gives a buffer of its own every time`, async () => {
    const reader = ended("");
    const next = async () => (await read(reader)).buffer as ArrayBuffer;
    (await next()).transfer();
    assertEquals((await next()).detached, false);
  });
}

Deno.test("lines that came together are unharmed by what is done to one of them", async () => {
  const reader = new StreamReader();
  reader.feedData(bytes("line\n".repeat(1000)));
  (await reader.readLine()).fill(0);
  assertEquals(text(await reader.readLine()), "line\n");
  assertEquals(text(await reader.readExactly(5)), "line\n");
});
