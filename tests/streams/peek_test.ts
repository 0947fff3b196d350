import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { IncompleteReadError, StreamReader } from "@asyncio/asyncio/streams";
import { Random } from "../_helpers/random.ts";
import { ended, open } from "./_fed.ts";
import { bytes, RawPair, text } from "./_sockets.ts";

// peek and discard

Deno.test("peek gives all that is there, and takes nothing", async () => {
  const reader = open("hello");
  assertEquals(text(await reader.peek()), "hello");
  assertEquals(text(await reader.peek(3)), "hello");
  assertEquals(text(await reader.readExactly(5)), "hello");
});

Deno.test("peek waits until as many bytes are there", async () => {
  const reader = open("he");
  const peeked = reader.peek(4);
  reader.feedData(bytes("l"));
  reader.feedData(bytes("lo"));
  assertEquals(text(await peeked), "hello");
});

Deno.test("peek gives fewer only at the end", async () => {
  const reader = ended("hi");
  assertEquals(text(await reader.peek(10)), "hi");
  assertEquals(text(await reader.peek(Infinity)), "hi");
  reader.discard(2);
  assertEquals(text(await reader.peek(10)), "");
});

Deno.test("peek is not bound by the limit", async () => {
  const reader = ended("x".repeat(100), { limit: 10 });
  assertEquals((await reader.peek(100)).length, 100);
});

Deno.test("discard takes what was peeked, or a part of it", async () => {
  const reader = ended("hello there");
  await reader.peek();
  reader.discard(6);
  assertEquals(text(await reader.peek()), "there");
  reader.discard(0);
  reader.discard(5);
  assertEquals(reader.atEof, true);
});

Deno.test("discard of more than is there, or of no number, takes nothing", () => {
  const reader = open("hello");
  for (const n of [6, -1, 0.5, NaN, Infinity, "1" as unknown as number]) {
    assertThrows(() => reader.discard(n), RangeError);
  }
  reader.discard(5);
});

Deno.test("discard while a read waits is an error, and takes nothing", async () => {
  const reader = open("hello");
  const reading = reader.readExactly(6);
  assertThrows(() => reader.discard(1), Error, "readExactly is waiting");
  reader.feedData(bytes("!"));
  assertEquals(text(await reading), "hello!");
});

Deno.test("a peek of no number is a RangeError", async () => {
  await assertRejects(() => new StreamReader().peek(-1), RangeError);
  await assertRejects(() => new StreamReader().peek(NaN), RangeError);
});

Deno.test("what was peeked stays as it is while more comes", async () => {
  using pair = await RawPair.open();
  const { reader } = pair.client;
  await pair.peer.write(bytes("0123456789".repeat(100)));
  await reader.peek(1000);
  reader.discard(990); // what is left is far from the start of the memory
  const view = await reader.peek();
  for (let i = 0; i < 50; i++) await pair.peer.write(new Uint8Array(10_000));
  await new Promise((resolve) => setTimeout(resolve, 200)); // it is read ahead
  assertEquals(text(view), "0123456789");
});

Deno.test("a lost connection gives what was there to peek before its error", async () => {
  const reader = StreamReader.from(
    new ReadableStream({
      start: (controller) => controller.enqueue(bytes("half")),
      pull: (controller) => controller.error(new TypeError("broken")),
    }, { highWaterMark: 0 }),
  );
  assertEquals(text(await reader.peek(10)), "half");
  reader.discard(4);
  await assertRejects(() => reader.peek(), TypeError, "broken");
});

// readInto

Deno.test("readInto fills its target with what is there", async () => {
  const reader = ended("hello");
  const target = new Uint8Array(3);
  assertEquals(await reader.readInto(target), 3);
  assertEquals(text(target), "hel");
  assertEquals(await reader.readInto(target), 2);
  assertEquals(text(target), "lol");
  assertEquals(await reader.readInto(target), 0);
});

Deno.test("readInto writes to a part of a larger memory alone", async () => {
  const memory = new Uint8Array(10).fill(46);
  const reader = open("hello");
  assertEquals(await reader.readInto(memory.subarray(2, 5)), 3);
  assertEquals(text(memory), "..hel.....");
});

Deno.test("readInto given up leaves its target as it is", async () => {
  const reader = new StreamReader();
  const target = new Uint8Array(5).fill(46);
  const controller = new AbortController();
  const reading = reader.readInto(target, { signal: controller.signal });
  controller.abort();
  await assertRejects(() => reading);
  reader.feedData(bytes("hello"));
  assertEquals(text(target), ".....");
  assertEquals(text(await reader.read(10)), "hello");
});

Deno.test("a target that was transferred while it was waited for is a TypeError, and the bytes stay", async () => {
  const reader = new StreamReader();
  const target = new Uint8Array(5);
  const reading = reader.readInto(target);
  structuredClone(target.buffer, { transfer: [target.buffer] });
  reader.feedData(bytes("hello"));
  await assertRejects(() => reading, TypeError, "transferred");
  assertEquals(text(await reader.read(10)), "hello");
});

Deno.test("a target that is none, or empty, is refused", async () => {
  const reader = open("hello");
  await assertRejects(() => reader.readInto(new Uint8Array()), RangeError);
  await assertRejects(
    () => reader.readInto(new ArrayBuffer(1) as unknown as Uint8Array),
    TypeError,
  );
  assertEquals(text(await reader.read(10)), "hello");
});

// readTextLine

Deno.test("readTextLine gives lines without their end, and undefined at the end", async () => {
  const reader = ended("one\n\ntwo\r\nth\u00e9\rree");
  const lines = [];
  for (let line; (line = await reader.readTextLine()) !== undefined;) {
    lines.push(line);
  }
  assertEquals(lines, ["one", "", "two", "th\u00e9\rree"]);
  assertEquals(await reader.readTextLine(), undefined);
});

Deno.test("readTextLine drops a line that is too long", async () => {
  const reader = ended("x".repeat(20) + "\nnext\n", { limit: 10 });
  await assertRejects(
    () => reader.readTextLine(),
    Error,
    "Cannot read a line, which is dropped: expected at most the limit of 10 bytes, received 20",
  );
  assertEquals(await reader.readTextLine(), "next");
});

Deno.test("readTextLine cuts as lines() does, wherever the chunks are cut", async () => {
  const random = new Random(7);
  const parts = ["a", "\r", "\n", "\u00fc", "\u{1f600}", "bb", "\r\n"];
  for (let round = 0; round < 100; round++) {
    const content = Array.from(
      { length: random.below(30) },
      () => parts[random.below(parts.length)],
    ).join("");
    const expected = await Array.fromAsync(ended(content).lines());
    const reader = new StreamReader();
    const data = bytes(content);
    (async () => {
      for (let at = 0; at < data.length;) {
        const next = at + 1 + random.below(5);
        reader.feedData(data.subarray(at, next));
        at = next;
        await null;
      }
      reader.feedEof();
    })();
    const lines = [];
    for (let line; (line = await reader.readTextLine()) !== undefined;) {
      lines.push(line);
    }
    assertEquals(lines, expected);
  }
});

Deno.test("each way of reading is refused while another waits", async () => {
  const reader = new StreamReader();
  const waiting = reader.peek();
  const target = new Uint8Array(1);
  for (
    const read of [
      () => reader.peek(),
      () => reader.readInto(target),
      () => reader.readTextLine(),
      () => reader.readFrame({ decode: () => undefined }),
    ]
  ) {
    await assertRejects(read, Error, "peek is still waiting");
  }
  reader.feedEof();
  assertEquals((await waiting).length, 0);
  const error = await assertRejects(
    () => reader.readExactly(1),
    IncompleteReadError,
  );
  assert(error.partial.length === 0);
});
