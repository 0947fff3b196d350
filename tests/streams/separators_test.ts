import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  IncompleteReadError,
  LimitOverrunError,
  StreamReader,
} from "@asyncio/asyncio/streams";
import { Random } from "../_helpers/random.ts";
import { countedBytes } from "./_counted_bytes.ts";
import { bytes, text } from "./_sockets.ts";

function fed(...chunks: string[]): StreamReader {
  const reader = new StreamReader();
  for (const chunk of chunks) reader.feedData(bytes(chunk));
  return reader;
}

Deno.test("readUntil gives what comes before the separator, and that", async () => {
  const reader = fed("key=value=more");
  assertEquals(text(await reader.readUntil("=")), "key=");
  assertEquals(text(await reader.readUntil(bytes("="))), "value=");
});

Deno.test("readUntil reads up to a newline unless told otherwise", async () => {
  assertEquals(text(await fed("one\ntwo").readUntil()), "one\n");
});

Deno.test("of several separators the one that ends first wins", async () => {
  assertEquals(text(await fed("a;b|c").readUntil(["|", ";"])), "a;");
  assertEquals(text(await fed("xABCDy").readUntil(["ABCD", "BC"])), "xABC");
});

Deno.test("of separators that end together the shortest wins", async () => {
  for (const separators of [["ab", "b"], ["b", "ab"]]) {
    const reader = new StreamReader({ limit: 4 });
    reader.feedData(bytes("xxxxab"));
    const error = await assertRejects(
      () => reader.readUntil(separators),
      LimitOverrunError,
    );
    assertEquals(error.consumed, 5);
  }
});

Deno.test("a separator is found wherever the chunks were cut", async () => {
  const content = "some text\r\n--boundary\r\nrest";
  for (let cut = 1; cut < content.length; cut++) {
    const reader = new StreamReader();
    const reading = reader.readUntil("\r\n--boundary\r\n");
    reader.feedData(bytes(content.slice(0, cut)));
    reader.feedData(bytes(content.slice(cut)));
    assertEquals(text(await reading), content.slice(0, -4));
    reader.feedEof();
    assertEquals(text(await reader.read()), "rest");
  }
});

Deno.test("a separator that begins like itself is found", async () => {
  assertEquals(text(await fed("aaab", "x").readUntil("aab")), "aaab");
  assertEquals(text(await fed("aa", "aa", "b").readUntil("aab")), "aaaab");
});

Deno.test("a separator longer than the text before it is found", async () => {
  assertEquals(
    text(await fed("END", "OFALLrest").readUntil("ENDOFALL")),
    "ENDOFALL",
  );
});

for (const separator of ["", new Uint8Array(0), [], ["a", ""], 10, [10]]) {
  Deno.test(`readUntil(${Deno.inspect(separator)}) is a TypeError`, async () => {
    await assertRejects(
      () => fed("a").readUntil(separator as never),
      TypeError,
    );
  });
}

Deno.test("readUntil gives what is there in the error when the stream ends before", async () => {
  const reader = fed("no separator");
  reader.feedEof();
  const error = await assertRejects(
    () => reader.readUntil(";"),
    IncompleteReadError,
  );
  assertEquals(text(error.partial), "no separator");
  assertEquals(error.expected, undefined);
  assertEquals(reader.atEof, true);
});

Deno.test("over the limit with the separator in sight the bytes stay, and `consumed` ends before it", async () => {
  const reader = new StreamReader({ limit: 3 });
  reader.feedData(bytes("12345;6"));
  const error = await assertRejects(
    () => reader.readUntil(";"),
    LimitOverrunError,
  );
  assertEquals(error.consumed, 5);
  assertEquals(text(await reader.readExactly(error.consumed)), "12345");
  assertEquals(text(await reader.readUntil(";")), ";");
});

Deno.test("over the limit without the separator `consumed` leaves what may be its beginning", async () => {
  const reader = new StreamReader({ limit: 3 });
  reader.feedData(bytes("12345\r"));
  const error = await assertRejects(
    () => reader.readUntil("\r\n"),
    LimitOverrunError,
  );
  assertEquals(error.consumed, 5);
  await reader.readExactly(error.consumed);
  reader.feedData(bytes("\n"));
  assertEquals(text(await reader.readUntil("\r\n")), "\r\n");
});

Deno.test("a program may use more different separators than are remembered, again and again", async () => {
  const reader = new StreamReader();
  const separators = Array.from({ length: 200 }, (_, i) => `<${i}>`);
  for (let round = 0; round < 2; round++) {
    for (const separator of separators) {
      reader.feedData(bytes(`a${separator}`));
      const read = await reader.readUntil([separator, "nowhere"]);
      assertEquals(text(read), `a${separator}`);
    }
    await assertRejects(() => reader.readUntil(["a", ""]), TypeError, "empty");
  }
});

Deno.test("the limit fails a read that waits as soon as it is passed", async () => {
  const reader = new StreamReader({ limit: 10 });
  const reading = reader.readUntil(";");
  reader.feedData(bytes("12345678901"));
  await assertRejects(() => reading, LimitOverrunError);
});

Deno.test("any content, cut anywhere, read by any separators comes out as by a plain search", async () => {
  const random = new Random(5);
  for (let round = 0; round < 500; round++) {
    const content = Array.from(
      { length: random.below(60) },
      () => random.pick(["a", "b", "c"]),
    ).join("");
    const reader = new StreamReader();
    const pieces: string[] = [];
    for (let at = 0; at < content.length;) {
      const n = 1 + random.below(6);
      pieces.push(content.slice(at, at + n));
      at += n;
    }
    let rest = content;
    while (true) {
      const separators = Array.from(
        { length: 1 + random.below(3) },
        () =>
          Array.from(
            { length: 1 + random.below(3) },
            () => random.pick(["a", "b", "c"]),
          ).join(""),
      );
      const end = Math.min(
        ...separators.map((s) =>
          rest.indexOf(s) < 0 ? Infinity : rest.indexOf(s) + s.length
        ),
      );
      if (random.below(3) === 0) await giveUp(reader);
      const reading = reader.readUntil(separators);
      reading.catch(() => {});
      for (let fed = false; !fed;) {
        const piece = pieces.shift();
        if (piece === undefined) {
          fed = true;
          if (end === Infinity) reader.feedEof();
        } else {
          reader.feedData(bytes(piece));
          fed = content.length - pieces.join("").length >=
            content.length - rest.length + end;
        }
      }
      if (end === Infinity) {
        const error = await assertRejects(() => reading, IncompleteReadError);
        assertEquals(text(error.partial), rest);
        break;
      }
      assertEquals(text(await reading), rest.slice(0, end));
      rest = rest.slice(end);
    }
  }
});

/** Begins to read up to what never comes, and gives that up. */
async function giveUp(reader: StreamReader): Promise<void> {
  const controller = new AbortController();
  const reading = reader.readUntil("cz", { signal: controller.signal });
  controller.abort(new Error("given up"));
  await assertRejects(() => reading, Error, "given up");
}

async function readLongLine(size: number, chunk: number): Promise<void> {
  const reader = new StreamReader({ limit: Infinity });
  const reading = reader.readLine();
  const data = new Uint8Array(chunk);
  for (let fed = 0; fed < size; fed += chunk) reader.feedData(data);
  reader.feedData(bytes("\n"));
  assertEquals((await reading).length, size + 1);
}

for (const chunk of [1, 64, 65536]) {
  Deno.test(`a line in chunks of ${chunk} bytes takes work linear in its length`, async () => {
    const size = 1024 * chunk;
    const work = await countedBytes(() => readLongLine(size, chunk));
    // Each byte is copied in, moved once as the buffer grows, copied out, and
    // looked at.
    assert(work < 8 * size, `${work / size} bytes of work for each`);
  });
}

Deno.test("a line of 64 MB in chunks of 4 KiB is read", async () => {
  await readLongLine(64 << 20, 4096);
});

Deno.test("a separator that never comes is not looked for again and again", async () => {
  const content = bytes("some line\n".repeat(10_000));
  const work = await countedBytes(async () => {
    const reader = new StreamReader({ limit: Infinity });
    reader.feedData(content);
    for (let i = 0; i < 10_000; i++) await reader.readUntil(["\n", "\0never"]);
  });
  assert(work < 8 * content.length, `${work / content.length} for each byte`);
});

for (
  const [how, read] of Object.entries<
    (
      reader: StreamReader,
      turn: number,
      signal: AbortSignal,
    ) => Promise<unknown>
  >({
    "readLine": (reader, _turn, signal) => reader.readLine({ signal }),
    "readUntil": (reader, _turn, signal) => reader.readUntil("\n", { signal }),
    "readUntil for one set of separators and another in turn": (
      reader,
      turn,
      signal,
    ) => reader.readUntil([["\r\n", ";"], ["\n"], "--"][turn % 3]!, { signal }),
    "readUntil and readLine in turn": (reader, turn, signal) =>
      turn % 2 === 0
        ? reader.readLine({ signal })
        : reader.readUntil(";", { signal }),
  })
) {
  Deno.test(`${how}, given up again and again, looks at no byte again and again`, async () => {
    const size = 1_000_000;
    const chunk = new Uint8Array(1000);
    const work = await countedBytes(async () => {
      const reader = new StreamReader({ limit: Infinity });
      for (let turn = 0; turn < size / chunk.length; turn++) {
        reader.feedData(chunk);
        const controller = new AbortController();
        const reading = read(reader, turn, controller.signal);
        controller.abort();
        await reading.catch(() => {});
      }
    });
    assert(work < 16 * size, `${work / size} bytes of work for each`);
  });
}

Deno.test("a reader that has looked for many separators finds the next one all the same", async () => {
  const reader = new StreamReader();
  for (let i = 0; i < 100; i++) {
    reader.feedData(bytes(`field ${i}<${i}>`));
    assertEquals(text(await reader.readUntil(`<${i}>`)), `field ${i}<${i}>`);
  }
});
