/** `@std/streams` over connections, programs and queues: they are Web Streams. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  Buffer,
  ByteSliceStream,
  concatReadableStreams,
  earlyZipReadableStreams,
  LimitedBytesTransformStream,
  mergeReadableStreams,
  TextDelimiterStream,
  TextLineStream,
  toArrayBuffer,
  toJson,
  toText,
  toTransformStream,
} from "@std/streams";
import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
import { Queue } from "@asyncio/asyncio/queue";
import { createTask, run } from "@asyncio/asyncio/tasks";
import { bytes, Pair, text } from "./_sockets.ts";

Deno.test("a connection is cut at a delimiter, and read on behind what was taken", async () => {
  await using pair = await Pair.open();
  const { client: { reader }, peer: { writer } } = pair;
  await writer.write(bytes("one;two;"));
  const pieces = reader.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextDelimiterStream(";"));
  const seen: string[] = [];
  for await (const piece of pieces) {
    if (seen.push(piece) === 2) break;
  }
  assertEquals(seen, ["one", "two"]);
  await writer.write(bytes("three\n"));
  writer.writeEof();
  assertEquals(text(await reader.read()), "three\n");
});

Deno.test("a generator of std becomes a transform between two connections", async () => {
  await using from = await Pair.open();
  await using to = await Pair.open();
  const double = toTransformStream(
    async function* (source: ReadableStream<string>) {
      for await (const line of source) yield bytes(`${Number(line) * 2}\n`);
    },
  );
  const pipe = from.client.reader.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream())
    .pipeThrough(double)
    .pipeTo(to.client.writer.writable);
  await from.peer.writer.write(bytes("1\n20\n300\n"));
  from.peer.writer.writeEof();
  assertEquals(text(await to.peer.reader.read()), "2\n40\n600\n");
  await pipe;
});

Deno.test("the limit of a std stream is the error of the pipe, and the writer tells its peer", async () => {
  await using pair = await Pair.open();
  const { client: { writer }, peer: { reader } } = pair;
  const pipe = ReadableStream.from([bytes("12345"), bytes("67890")])
    .pipeThrough(new LimitedBytesTransformStream(8, { error: true }))
    .pipeTo(writer.writable);
  await assertRejects(() => pipe, RangeError);
  await assertRejects(() => reader.readExactly(10));
});

Deno.test("a slice of a connection goes into a buffer of std", async () => {
  await using pair = await Pair.open();
  const { client: { reader }, peer: { writer } } = pair;
  await writer.write(bytes("0123456789"));
  writer.writeEof();
  const buffer = new Buffer();
  await reader.readable.pipeThrough(new ByteSliceStream(2, 5))
    .pipeTo(buffer.writable);
  assertEquals(text(buffer.bytes()), "2345");
});

Deno.test("what programs print is text, JSON and bytes", () =>
  run(async () => {
    const print = (what: string) =>
      createSubprocessExec("printf", ["%s", what], { stdout: PIPE });
    const texts = await print("a text");
    assertEquals(await toText(texts.stdout!.readable), "a text");
    const json = await print('{"a":[1,2]}');
    assertEquals(await toJson(json.stdout!.readable), { a: [1, 2] });
    const raw = await print("raw");
    assertEquals(
      await toArrayBuffer(raw.stdout!.readable),
      bytes("raw").buffer,
    );
    for (const child of [texts, json, raw]) {
      assertEquals(await child.wait(), 0);
    }
  }));

Deno.test("both outputs of a program become one stream", () =>
  run(async () => {
    const child = await createSubprocessExec(
      "sh",
      ["-c", "echo out; echo err >&2"],
      { stdout: PIPE, stderr: PIPE },
    );
    const lines = mergeReadableStreams(
      child.stdout!.readable,
      child.stderr!.readable,
    ).pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    assertEquals((await Array.fromAsync(lines)).sort(), ["err", "out"]);
    assertEquals(await child.wait(), 0);
  }));

Deno.test("queues are zipped as far as the shorter one goes, and the longer one keeps the rest", () =>
  run(async () => {
    const [short, long] = [new Queue<number>(), new Queue<number>()];
    for (const n of [1, 2]) short.putNowait(n);
    for (const n of [10, 20, 30, 40]) long.putNowait(n);
    short.shutdown();
    const zipped = earlyZipReadableStreams(short.readable, long.readable);
    assertEquals(await Array.fromAsync(zipped), [1, 10, 2, 20]);
    assertEquals(await long.get(), 30);
  }));

Deno.test("queues follow each other in one stream", () =>
  run(async () => {
    const [first, second] = [new Queue<number>(), new Queue<number>()];
    const both = concatReadableStreams(first.readable, second.readable);
    createTask(async () => {
      await second.put(3);
      await first.put(1);
      await first.put(2);
      first.shutdown();
      second.shutdown();
    });
    assertEquals(await Array.fromAsync(both), [1, 2, 3]);
  }));
