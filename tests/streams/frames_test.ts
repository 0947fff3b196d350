import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Decoder,
  delimited,
  type FrameCodec,
  IncompleteReadError,
  jsonLines,
  lengthPrefixed,
  LimitOverrunError,
  openConnection,
  startServer,
  StreamReader,
  StreamWriter,
} from "@asyncio/asyncio/streams";
import { createTask, gather } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { LOOPBACK } from "../_helpers/loopback.ts";
import { Random } from "../_helpers/random.ts";
import { countedBytes } from "./_counted_bytes.ts";
import { bytes, portOf, text } from "./_sockets.ts";

/** A reader that has been fed this, and the end. */
function fed(...parts: (Uint8Array | string)[]): StreamReader {
  const reader = new StreamReader({ limit: 10 });
  for (const part of parts) {
    reader.feedData(typeof part === "string" ? bytes(part) : part);
  }
  reader.feedEof();
  return reader;
}

// Decoders of one's own

/** A letter, and as many bytes as a digit says. */
const LETTERS: Decoder<{ letter: string; body: Uint8Array }> = {
  decode(bytes) {
    if (bytes.length < 2) return undefined;
    const length = 2 + bytes[1]! - 48;
    if (bytes.length < length) return undefined;
    const letter = String.fromCharCode(bytes[0]!);
    return { value: { letter, body: bytes.subarray(2, length) }, length };
  },
};

function always(result: unknown): Decoder<unknown> {
  return { decode: () => result } as Decoder<unknown>;
}

Deno.test("readFrame gives the frames that a decoder finds, then undefined", async () => {
  const reader = fed("a2xy", "b0", "c1z");
  assertEquals((await reader.readFrame(LETTERS))!.letter, "a");
  assertEquals((await reader.readFrame(LETTERS))!.letter, "b");
  assertEquals((await reader.readFrame(LETTERS))!.letter, "c");
  assertEquals(await reader.readFrame(LETTERS), undefined);
  assertEquals(await reader.readFrame(LETTERS), undefined);
});

Deno.test("a decoder is called again when more has come, with all of it", async () => {
  const seen: [string, boolean][] = [];
  const reader = new StreamReader();
  const reading = reader.readFrame({
    decode(content, atEof) {
      seen.push([text(content), atEof]);
      return content.length < 4 && !atEof
        ? undefined
        : { value: text(content), length: content.length };
    },
  });
  reader.feedData(bytes("a"));
  reader.feedData(bytes("bc"));
  reader.feedEof();
  assertEquals(await reading, "abc");
  assertEquals(seen, [["a", false], ["abc", false], ["abc", true]]);
});

Deno.test("a frame is the caller's for good, also one that holds views of the bytes", async () => {
  await using server = await startServer(async (_reader, writer) => {
    for (let i = 0; i < 20_000; i++) {
      writer.write(`${String.fromCharCode(97 + i % 26)}9${`${i}`.padEnd(9)}`);
      if (i % 100 === 0) await writer.drain();
    }
    writer.close();
  }, LOOPBACK);
  await using client = await openConnection({ port: portOf(server) });
  const frames = await Array.fromAsync(client.reader.frames(LETTERS));
  assertEquals(frames.length, 20_000);
  for (const [i, { body }] of frames.entries()) {
    assert(text(body) === `${i}`.padEnd(9), `${i}: ${text(body)}`);
  }
});

Deno.test("a frame that is changed by its owner leaves the others as they are", async () => {
  const reader = fed("a2xyb2xyc2xy");
  for await (const { body } of reader.frames(LETTERS)) {
    assertEquals(text(body), "xy");
    body.fill(0);
  }
});

Deno.test("frames are read between other reads", async () => {
  const reader = fed("line\na2xyrest");
  assertEquals(text(await reader.readLine()), "line\n");
  assertEquals(text((await reader.readFrame(LETTERS))!.body), "xy");
  assertEquals(text(await reader.readExactly(2)), "re");
  assertEquals(text(await reader.read()), "st");
});

Deno.test("an end within a frame is an IncompleteReadError with what was there", async () => {
  const reader = fed("a1xb9xy");
  await reader.readFrame(LETTERS);
  const error = await assertRejects(
    () => reader.readFrame(LETTERS),
    IncompleteReadError,
    "a frame",
  );
  assertEquals(text(error.partial), "b9xy");
  assertEquals(await reader.readFrame(LETTERS), undefined);
});

Deno.test("a decoder that throws rejects the read, and no byte is taken", async () => {
  const reader = fed("abc");
  const decoder = {
    decode(): never {
      throw new RangeError("no frame at all");
    },
  };
  await assertRejects(() => reader.readFrame(decoder), RangeError, "at all");
  assertEquals(text(await reader.read()), "abc");
});

Deno.test("a decoder that returns an error and a length takes so many bytes", async () => {
  const reader = fed("abc");
  const decoder = always({ error: new RangeError("bad"), length: 1 });
  await assertRejects(() => reader.readFrame(decoder), RangeError, "bad");
  await assertRejects(() => reader.readFrame(decoder), RangeError, "bad");
  assertEquals(text(await reader.read()), "c");
});

for (const length of [0, -1, 4, 1.5, NaN, Infinity, undefined, "1"]) {
  Deno.test(`a decoder that gives a length of ${length} is refused, and no byte is taken`, async () => {
    const reader = fed("abc");
    await assertRejects(
      () => reader.readFrame(always({ value: 1, length })),
      RangeError,
      "length",
    );
    await assertRejects(
      () => reader.readFrame(always({ error: 1, length })),
      RangeError,
      "length",
    );
    assertEquals(text(await reader.read()), "abc");
  });
}

Deno.test("a decoder that gives an undefined value is refused, and no byte is taken", async () => {
  const reader = fed("abc");
  for (const frame of [{ value: undefined, length: 1 }, { length: 1 }]) {
    await assertRejects(
      () => reader.readFrame(always(frame as never)),
      TypeError,
      "undefined",
    );
  }
  assertEquals(text(await reader.read()), "abc");
});

Deno.test("what is no decoder or codec is a TypeError at once", async () => {
  const reader = fed("abc");
  for (const wrong of [undefined, null, {}, "\n", () => {}]) {
    await assertRejects(() => reader.readFrame(wrong as never), TypeError);
    assertThrows(() => reader.frames(wrong as never), TypeError);
    const writer = StreamWriter.from(new WritableStream());
    assertThrows(() => writer.writeFrame(wrong as never, 1), TypeError);
  }
  assertEquals(text(await reader.read()), "abc");
});

Deno.test("breaking out of frames leaves the rest", async () => {
  const reader = fed("a1xb1yc1z");
  for await (const { letter } of reader.frames(LETTERS)) {
    if (letter === "b") break;
  }
  assertEquals(text(await reader.read()), "c1z");
});

Deno.test("a frame that was waited for and given up is given whole to the next read", async () => {
  const reader = new StreamReader();
  for (const giveUp of ["cancel", "abort"] as const) {
    const attempt = new Attempt((options) =>
      reader.readFrame(LETTERS, options)
    );
    reader.feedData(bytes("a3x"));
    attempt[giveUp]();
    await attempt.task;
    reader.feedData(bytes("yz"));
    assertEquals(text((await reader.readFrame(LETTERS))!.body), "xyz");
  }
});

Deno.test("a decoder may find a frame in a lost connection, and what makes none is partial", async () => {
  const reader = StreamReader.from(
    new ReadableStream({
      start: (controller) => controller.enqueue(bytes("a1xb9")),
      pull: (controller) => controller.error(new TypeError("broken")),
    }, { highWaterMark: 0 }),
  );
  assertEquals((await reader.readFrame(LETTERS))!.letter, "a");
  const error = await assertRejects(
    () => reader.readFrame(LETTERS),
    TypeError,
    "broken",
  );
  assertEquals(text((error as Error & { partial: Uint8Array }).partial), "b9");
});

// lengthPrefixed

/** Every way to write a length. */
const PREFIXES = [1, 2, 4].flatMap((lengthBytes) =>
  [false, true].flatMap((littleEndian) =>
    [false, true].map((includesLength) => ({
      lengthBytes: lengthBytes as 1 | 2 | 4,
      littleEndian,
      includesLength,
    }))
  )
);

for (const options of PREFIXES) {
  Deno.test(`frames with a length of ${Deno.inspect(options)} come as they were written`, async () => {
    const codec = lengthPrefixed(options);
    const own = options.includesLength ? options.lengthBytes : 0;
    const values = [0, 1, 200, 250].map((length) =>
      new Uint8Array(length).fill(length)
    );
    if (options.lengthBytes > 1) values.push(new Uint8Array(60_000).fill(7));
    const frames = values.map((value) => codec.encode(value));
    for (const [i, frame] of frames.entries()) {
      const { lengthBytes, littleEndian } = options;
      const view = new DataView(frame.buffer);
      const length = lengthBytes === 1
        ? view.getUint8(0)
        : lengthBytes === 2
        ? view.getUint16(0, littleEndian)
        : view.getUint32(0, littleEndian);
      assertEquals(length, values[i]!.length + own);
    }
    const reader = fed(...frames);
    assertEquals(await Array.fromAsync(reader.frames(codec)), values);
  });
}

Deno.test("the bytes of a frame are its value's own length, and the next frame's stay", async () => {
  const codec = lengthPrefixed({ lengthBytes: 1 });
  const reader = fed("\x03one\x03two\x05three");
  const first = await reader.readFrame(codec);
  structuredClone(first!.buffer, { transfer: [first!.buffer as ArrayBuffer] });
  assertEquals(text((await reader.readFrame(codec))!), "two");
  assertEquals(text((await reader.readFrame(codec))!), "three");
});

Deno.test("a frame may be larger than the limit of the reader", async () => {
  const codec = lengthPrefixed();
  const reader = fed(codec.encode(new Uint8Array(100_000)));
  assertEquals((await reader.readFrame(codec))!.length, 100_000);
});

Deno.test("a length above maxLength is told by the prefix alone, and takes nothing", async () => {
  const codec = lengthPrefixed({ maxLength: 10 });
  const reader = new StreamReader();
  reader.feedData(new Uint8Array([0, 0, 0, 11]));
  const error = await assertRejects(
    () => reader.readFrame(codec),
    LimitOverrunError,
    "expected at most the limit of 10 bytes, received a length of 11",
  );
  assertEquals(error.consumed, 15);
  reader.feedData(new Uint8Array(11));
  reader.feedData(codec.encode(new Uint8Array(10)));
  await reader.readExactly(error.consumed); // skips it
  assertEquals((await reader.readFrame(codec))!.length, 10);
});

Deno.test("16 MiB is the most unless told otherwise, also for a hostile length", async () => {
  const codec = lengthPrefixed();
  assertThrows(() => codec.encode(new Uint8Array((16 << 20) + 1)), RangeError);
  const reader = fed(new Uint8Array([255, 255, 255, 255]));
  await assertRejects(() => reader.readFrame(codec), LimitOverrunError);
});

Deno.test("a length less than its own bytes is a LimitOverrunError", async () => {
  const codec = lengthPrefixed({ includesLength: true });
  const reader = fed(new Uint8Array([0, 0, 0, 3, 1]));
  await assertRejects(() => reader.readFrame(codec), LimitOverrunError, "own");
  assertEquals((await reader.read()).length, 5);
});

Deno.test("a value that does not fit is a RangeError of encode, and nothing is written", () => {
  const writer = StreamWriter.from(new WritableStream());
  const cases: [Parameters<typeof lengthPrefixed>[0], number][] = [
    [{ lengthBytes: 1 }, 256],
    [{ lengthBytes: 1, includesLength: true }, 255],
    [{ lengthBytes: 2 }, 65_536],
    [{ maxLength: 5 }, 6],
  ];
  for (const [options, length] of cases) {
    const codec = lengthPrefixed(options);
    codec.encode(new Uint8Array(length - 1));
    assertThrows(
      () => writer.writeFrame(codec, new Uint8Array(length)),
      RangeError,
    );
  }
  assertThrows(
    () => lengthPrefixed().encode("text" as unknown as Uint8Array),
    TypeError,
  );
  assert(Deno.inspect(writer).includes("unsent: 0"));
});

Deno.test("options that are none are a RangeError", () => {
  for (const lengthBytes of [0, 3, 8, "4", NaN]) {
    assertThrows(
      () => lengthPrefixed({ lengthBytes: lengthBytes as 4 }),
      RangeError,
    );
  }
  for (const maxLength of [0, -1, 1.5, NaN, -Infinity]) {
    assertThrows(() => lengthPrefixed({ maxLength }), RangeError);
  }
});

Deno.test("options that are no object, and flags that are no boolean, are a TypeError", () => {
  for (
    const options of [null, 5, { littleEndian: 1 }, { includesLength: "" }]
  ) {
    assertThrows(
      () => lengthPrefixed(options as never),
      TypeError,
      "Cannot make a codec: ",
    );
  }
});

Deno.test("maxLength may be Infinity: the prefix is the limit then", async () => {
  const codec = lengthPrefixed({ lengthBytes: 1, maxLength: Infinity });
  const value = new Uint8Array(255);
  const reader = new StreamReader();
  reader.feedData(codec.encode(value));
  assertEquals(await reader.readFrame(codec), value);
  assertThrows(() => codec.encode(new Uint8Array(256)), RangeError);
});

Deno.test("a decoder that returns no object rejects with a TypeError that says so, and takes nothing", async () => {
  for (const returned of [null, 5, "x", true]) {
    const reader = fed("abc");
    const decoder = { decode: () => returned as never };
    await assertRejects(
      () => reader.readFrame(decoder),
      TypeError,
      "Cannot take a frame: a decoder returns { value, length }",
    );
    assertEquals(text(await reader.read(3)), "abc");
  }
});

// delimited

Deno.test("delimited gives what is between separators, and a rest at the end", async () => {
  const reader = fed("one\r\ntwo\r\n\r\nthree\r");
  const frames = await Array.fromAsync(reader.frames(delimited("\r\n")));
  assertEquals(frames.map(text), ["one", "two", "", "three\r"]);
});

Deno.test("delimited takes bytes as well, and finds them where chunks are cut", async () => {
  const reader = new StreamReader();
  const frames = Array.fromAsync(
    reader.frames(delimited(new Uint8Array([0, 1]))),
  );
  for (const byte of [65, 0, 0, 1, 66, 0, 1]) {
    reader.feedData(new Uint8Array([byte]));
  }
  reader.feedEof();
  assertEquals((await frames).map((it) => [...it]), [[65, 0], [66]]);
});

Deno.test("a value that holds the separator, or begins one at its end, is a RangeError of encode", () => {
  const codec = delimited("--");
  assertEquals(text(codec.encode(bytes("a-b"))), "a-b--");
  for (const wrong of ["a--b", "--", "a-"]) {
    assertThrows(() => codec.encode(bytes(wrong)), RangeError);
  }
  assertThrows(() => codec.encode("a" as unknown as Uint8Array), TypeError);
});

Deno.test("a separator that is none is a TypeError", () => {
  for (const wrong of ["", new Uint8Array(), 1, undefined]) {
    assertThrows(() => delimited(wrong as string), TypeError);
  }
});

/** A frame of `size` bytes, or a little more. */
const LONG: Record<
  string,
  (size: number) => [codec: Decoder<unknown>, frame: Uint8Array]
> = {
  lengthPrefixed(size) {
    const codec = lengthPrefixed();
    return [codec, codec.encode(new Uint8Array(size))];
  },
  delimited(size) {
    const codec = delimited(";");
    return [codec, codec.encode(new Uint8Array(size))];
  },
  jsonLines(size) {
    const codec = jsonLines();
    return [codec, codec.encode("x".repeat(size))];
  },
};

for (const [name, make] of Object.entries(LONG)) {
  Deno.test(`${name}: a long frame in small chunks takes work linear in its length`, async () => {
    const size = 1 << 20;
    const [codec, frame] = make(size);
    const work = await countedBytes(async () => {
      const reader = new StreamReader();
      const reading = reader.readFrame(codec);
      for (let at = 0; at < frame.length; at += 1024) {
        reader.feedData(frame.subarray(at, at + 1024));
      }
      await reading;
    });
    assert(work < 8 * size, `${work / size} bytes of work for each`);
  });
}

// jsonLines

Deno.test("jsonLines gives the values, and skips empty lines", async () => {
  const reader = fed('{"a":1}\n\n[2]\r\n \nnull\n"x\\ny"\n\n5');
  const values = await Array.fromAsync(reader.frames(jsonLines()));
  assertEquals(values, [{ a: 1 }, [2], null, "x\ny", 5]);
});

Deno.test("a line that is no JSON is taken with a SyntaxError, and the next read goes on", async () => {
  const reader = fed("1\n{oops\n", new Uint8Array([0x22, 0xff, 0x22, 10]), "2");
  const codec = jsonLines<number>();
  assertEquals(await reader.readFrame(codec), 1);
  await assertRejects(() => reader.readFrame(codec), SyntaxError);
  await assertRejects(() => reader.readFrame(codec), SyntaxError, "UTF-8");
  assertEquals(await reader.readFrame(codec), 2);
  assertEquals(await reader.readFrame(codec), undefined);
});

Deno.test("jsonLines writes a line for each value", () => {
  const codec = jsonLines<unknown>();
  assertEquals(text(codec.encode({ a: "x\ny" })), '{"a":"x\\ny"}\n');
  for (const wrong of [undefined, () => {}, Symbol("x"), 1n]) {
    assertThrows(() => codec.encode(wrong), TypeError);
  }
});

// All of them

const CODECS: Record<string, [FrameCodec<never>, (text: string) => unknown]> = {
  lengthPrefixed: [lengthPrefixed() as FrameCodec<never>, bytes],
  delimited: [delimited("\0\0") as FrameCodec<never>, bytes],
  jsonLines: [jsonLines() as FrameCodec<never>, (text) => ({ text })],
};

for (const [name, [codec, valueOf]] of Object.entries(CODECS)) {
  Deno.test(`${name}: frames are the same wherever their bytes are cut`, async () => {
    const random = new Random(3);
    for (let round = 0; round < 50; round++) {
      const values = Array.from(
        { length: random.below(8) },
        () => valueOf("y".repeat(random.below(300) + 1)) as never,
      );
      const data = values.flatMap((value) => [...codec.encode(value)]);
      const reader = new StreamReader({ limit: 10 });
      const frames = createTask(() => Array.fromAsync(reader.frames(codec)));
      for (let at = 0; at < data.length;) {
        const next = at + 1 + random.below(200);
        reader.feedData(Uint8Array.from(data.slice(at, next)));
        at = next;
        await null;
      }
      reader.feedEof();
      assertEquals(await frames, values);
    }
  });

  Deno.test(`${name}: decode by itself finds the first frame, its value and length`, () => {
    const value = valueOf("hello") as never;
    const data = codec.encode(value);
    const more = new Uint8Array([...data, ...data]);
    assertEquals(codec.decode(more, false), { value, length: data.length });
    assertEquals(codec.decode(data.subarray(0, 5), false), undefined);
  });

  Deno.test(`${name}: one codec serves many readers and writers over a connection`, async () => {
    await using server = await startServer(async (reader, writer) => {
      for await (const frame of reader.frames(codec)) {
        writer.writeFrame(codec, frame);
        await writer.drain();
      }
      writer.close();
    }, LOOPBACK);
    await gather(Array.from({ length: 5 }, async (_, i) => {
      await using client = await openConnection({ port: portOf(server) });
      for (let k = 0; k < 20; k++) {
        const value = valueOf(`${i}`.repeat(k * 500 + 1)) as never;
        client.writer.writeFrame(codec, value);
        assertEquals(await client.reader.readFrame(codec), value);
      }
    }));
  });
}
