import { assert, assertEquals, assertRejects } from "@std/assert";
import { LimitOverrunError, StreamReader } from "@asyncio/asyncio/streams";
import { Random } from "../_helpers/random.ts";
import { countedBytes } from "./_counted_bytes.ts";
import { bytes } from "./_sockets.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The lines of `content`, cut and decoded one by one. */
function plainLines(content: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0; start < content.length;) {
    const newline = content.indexOf(0x0a, start);
    let end = newline < 0 ? content.length : newline;
    if (newline > start && content[newline - 1] === 0x0d) end--;
    lines.push(decoder.decode(content.subarray(start, end)));
    start = newline < 0 ? content.length : newline + 1;
  }
  return lines;
}

function joined(parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Pieces of lines, most of them ends; some are no UTF-8. */
const PIECES = [
  bytes("\n"),
  bytes("\r\n"),
  bytes("\r"),
  bytes("word "),
  bytes("é"),
  bytes("\u{1f600}"),
  bytes("\ufeff"),
  new Uint8Array([0xff]),
  new Uint8Array([0xe2, 0x82]),
];

for (const kinds of [4, PIECES.length]) {
  Deno.test(`lines of any content (${kinds} kinds of pieces), cut anywhere, come out as cut one by one`, async () => {
    const random = new Random(kinds);
    for (let round = 0; round < 40; round++) {
      const content = joined(Array.from({ length: 3000 }, () => {
        const piece = PIECES[random.below(kinds)]!;
        const repeated = random.below(30) === 0 ? 300 : 1 + random.below(8);
        return joined(Array(repeated).fill(piece));
      }));
      const reader = new StreamReader({ limit: Infinity });
      const reading = Array.fromAsync(reader.lines());
      for (let at = 0; at < content.length;) {
        const n = 1 + random.below(random.pick([10, 1000, 40_000]));
        reader.feedData(content.subarray(at, at + n));
        at += n;
        if (random.below(2) === 0) await Promise.resolve();
      }
      reader.feedEof();
      assertEquals(await reading, plainLines(content));
    }
  });
}

Deno.test("lines mixed with other reads go on where those have ended", async () => {
  const content = bytes("0123456789\r\n".repeat(5000));
  const reader = new StreamReader();
  reader.feedData(content);
  reader.feedEof();
  for (let i = 0; i < 1250; i++) {
    assertEquals(await reader.readTextLine(), "0123456789");
    assertEquals((await reader.readLine()).length, 12);
    assertEquals((await reader.readExactly(6)).length, 6);
    assertEquals(await reader.readTextLine(), "6789");
    assertEquals(await reader.readTextLine(), "0123456789");
  }
  assertEquals(await reader.readTextLine(), undefined);
});

Deno.test("a line over the limit is dropped from among many, and the next is given", async () => {
  const reader = new StreamReader({ limit: 100 });
  const some = "line\n".repeat(300);
  reader.feedData(bytes(`${some}${"x".repeat(101)}\n${some}`));
  for (let i = 0; i < 300; i++) {
    assertEquals(await reader.readTextLine(), "line");
  }
  await assertRejects(() => reader.readTextLine(), LimitOverrunError, "101");
  for (let i = 0; i < 300; i++) {
    assertEquals(await reader.readTextLine(), "line");
  }
});

for (
  const [title, line, chunk] of [
    ["short lines", "some line\n", 65_536],
    ["short lines, some of them not ASCII", "some line\nligne é\n", 65_536],
    ["lines of a thousand bytes", `${"x".repeat(999)}\n`, 65_536],
    ["lines longer than a page", `${"x".repeat(30_000)}\n`, 65_536],
    ["long lines in small chunks", `${"x".repeat(30_000)}\n`, 600],
    ["short lines in small chunks", "some line\n", 600],
  ] as const
) {
  Deno.test(`lines look at no byte again and again: ${title}`, async () => {
    const content = bytes(line.repeat(Math.ceil(1_000_000 / line.length)));
    const work = await countedBytes(async () => {
      const reader = new StreamReader();
      const reading = Array.fromAsync(reader.lines());
      for (let at = 0; at < content.length; at += chunk) {
        reader.feedData(content.subarray(at, at + chunk));
        await Promise.resolve();
      }
      reader.feedEof();
      await reading;
    });
    assert(work < 10 * content.length, `${work / content.length} for each`);
  });
}

Deno.test("readTextLine, given up again and again, looks at no byte again and again", async () => {
  const size = 1_000_000;
  const chunk = new Uint8Array(1000);
  const work = await countedBytes(async () => {
    const reader = new StreamReader({ limit: Infinity });
    for (let fed = 0; fed < size; fed += chunk.length) {
      reader.feedData(chunk);
      const controller = new AbortController();
      const reading = reader.readTextLine({ signal: controller.signal });
      controller.abort();
      await reading.catch(() => {});
    }
  });
  assert(work < 16 * size, `${work / size} bytes of work for each`);
});
