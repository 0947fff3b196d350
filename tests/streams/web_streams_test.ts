import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { TextLineStream, toText } from "@std/streams";
import { Queue } from "@asyncio/asyncio/queue";
import { createSubprocessExec, DEVNULL, PIPE } from "@asyncio/asyncio/process";
import {
  StreamReader,
  type Streams,
  StreamWriter,
} from "@asyncio/asyncio/streams";
import {
  createTask,
  type EventLoop,
  getRunningLoop,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
import { RawPeer } from "./_raw_peer.ts";
import {
  bytes,
  closedAgain,
  openDescriptors,
  Pair,
  RawPair,
  readAll,
  text,
} from "./_sockets.ts";
import { until } from "../_helpers/until.ts";

function streamOf(...chunks: string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks.map(bytes));
}

// StreamReader.from

Deno.test("a reader reads any stream of bytes", async () => {
  const reader = StreamReader.from(streamOf("one\ntw", "", "o\nthr", "ee"));
  assertEquals(text(await reader.readLine()), "one\n");
  assertEquals(text(await reader.readLine()), "two\n");
  assertEquals(text(await reader.read()), "three");
  assertEquals(reader.atEof, true);
});

Deno.test("a reader reads chunks of any size whole", async () => {
  const large = "x".repeat(300_000);
  const reader = StreamReader.from(streamOf("a", large, "b"));
  assertEquals(text(await reader.read()), `a${large}b`);
});

Deno.test("a reader asks its stream for no more than is waited for", async () => {
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes(`${pulls++}`)),
  }, { highWaterMark: 0 });
  const reader = StreamReader.from(stream);
  await turns();
  assertEquals(pulls, 0);
  await reader.readExactly(3);
  await turns();
  assertEquals(pulls, 3);
});

Deno.test("an error of the stream is the error of every read", async () => {
  const error = new Error("broken");
  const reader = StreamReader.from(
    new ReadableStream({ pull: (controller) => controller.error(error) }),
  );
  assertStrictEquals(await assertRejects(() => reader.read()), error);
  assertStrictEquals(await assertRejects(() => reader.readLine()), error);
});

Deno.test("a stream of text is an error that shows the fix", async () => {
  const stream = ReadableStream.from(["text"]) as never;
  await assertRejects(
    () => StreamReader.from(stream).read(),
    TypeError,
    "TextEncoderStream",
  );
});

Deno.test("a stream that is locked is a TypeError", () => {
  const stream = streamOf("a");
  stream.getReader();
  assertThrows(() => StreamReader.from(stream), TypeError);
  const writable = new WritableStream();
  writable.getWriter();
  assertThrows(() => StreamWriter.from(writable), TypeError);
});

// readable

Deno.test("readable is the rest of the bytes, and the same object every time", async () => {
  const reader = StreamReader.from(streamOf("head\nbo", "dy"));
  await reader.readLine();
  assertStrictEquals(reader.readable, reader.readable);
  assertEquals(await toText(reader.readable), "body");
});

Deno.test("readable goes through the transforms of the platform", async () => {
  const reader = StreamReader.from(streamOf("grü", "ße\nun", "d mehr\n"));
  const lines = reader.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  assertEquals(await Array.fromAsync(lines), ["grüße", "und mehr"]);
});

Deno.test("readable is a byte stream: a consumer may bring its own memory", async () => {
  const reader = StreamReader.from(streamOf("abcdef"));
  const byob = reader.readable.getReader({ mode: "byob" });
  const first = await byob.read(new Uint8Array(4));
  assertEquals(text(first.value!), "abcd");
  const second = await byob.read(new Uint8Array(4));
  assertEquals(text(second.value!), "ef");
  assertEquals((await byob.read(new Uint8Array(4))).done, true);
});

Deno.test("readable gives no more than fits to a consumer that has followed one without memory", async () => {
  const reader = new StreamReader();
  const first = reader.readable.getReader();
  const reading = first.read();
  await turns();
  first.releaseLock();
  await assertRejects(() => reading, TypeError);
  const second = reader.readable.getReader({ mode: "byob" });
  const next = second.read(new Uint8Array(2));
  reader.feedData(bytes("abc"));
  assertEquals(text((await next).value!), "ab");
  second.releaseLock();
  assertEquals(text(await reader.read(2)), "c");
});

Deno.test("readable gives its bytes to a consumer that has followed one with memory of its own", async () => {
  const reader = new StreamReader();
  const first = reader.readable.getReader({ mode: "byob" });
  const reading = first.read(new Uint8Array(4));
  await turns();
  first.releaseLock();
  await assertRejects(() => reading, TypeError);
  const next = new Attempt(() => reader.readable.getReader().read());
  reader.feedData(bytes("abc"));
  await turns();
  assertEquals(next.outcome, "value");
  assertEquals(text((next.value as { value: Uint8Array }).value), "abc");
});

Deno.test("readable takes nothing before its consumer asks", async () => {
  const reader = new StreamReader();
  reader.feedData(bytes("abc"));
  const { readable } = reader;
  await turns();
  assertEquals(text(await reader.read(1)), "a");
  const consumer = readable.getReader();
  assertEquals(text((await consumer.read()).value!), "bc");
});

Deno.test("cancelling readable leaves the reader and its bytes", async () => {
  const reader = new StreamReader();
  const consumer = reader.readable.getReader();
  const reading = consumer.read();
  await turns();
  await consumer.cancel();
  assertEquals((await reading).done, true);
  reader.feedData(bytes("abc"));
  assertEquals(text(await reader.read(3)), "abc");
});

Deno.test("breaking out of readable leaves the rest to the reader", async () => {
  using pair = await RawPair.open();
  const { reader } = pair.client;
  await pair.peer.write(bytes("one"));
  for await (const chunk of reader.readable) {
    assertEquals(text(chunk), "one");
    break;
  }
  await pair.peer.write(bytes("two"));
  assertEquals(text(await reader.readExactly(3)), "two");
});

Deno.test("cancelling readable of a stream cancels the stream, also while it is read", async () => {
  for (const waiting of [false, true]) {
    const reasons: unknown[] = [];
    const source = new ReadableStream<Uint8Array>({
      cancel: (reason) => void reasons.push(reason),
    });
    const reader = StreamReader.from(source);
    const consumer = reader.readable.getReader();
    const reading = waiting ? consumer.read() : undefined;
    await turns();
    await consumer.cancel("enough");
    assertEquals(reasons, ["enough"]);
    if (reading !== undefined) assertEquals((await reading).done, true);
    assertEquals((await reader.read()).length, 0);
    assertEquals(reader.atEof, true);
  }
});

Deno.test("cancelling readable of a stream leaves what was read already to the reader", async () => {
  const reader = StreamReader.from(streamOf("one\ntwo", "three"));
  assertEquals(text(await reader.readLine()), "one\n");
  await reader.readable.cancel();
  assertEquals(text(await reader.read()), "two");
});

Deno.test("breaking out of readable of a file closes the file", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(1 << 20));
  const before = openDescriptors();
  const file = await Deno.open(path);
  const reader = StreamReader.from(file.readable);
  for await (const chunk of reader.readable) {
    assert(chunk.length > 0);
    break;
  }
  await closedAgain(before);
  await Deno.remove(path);
});

Deno.test("a lost connection is the error of readable", async () => {
  const reader = new StreamReader();
  const reading = Array.fromAsync(reader.readable);
  reading.catch(() => {});
  await turns();
  reader.setException(new Error("lost"));
  await assertRejects(() => reading, Error, "lost");
});

Deno.test("the waits of readable belong to no task: cancelling the task that asked first leaves it to the others", async () => {
  const reader = new StreamReader();
  const consumer = reader.readable.getReader();
  let reading: Promise<ReadableStreamReadResult<Uint8Array>> | undefined;
  const task = createTask(async () => {
    reading = consumer.read();
    await sleep(60_000);
  });
  await turns();
  task.cancel();
  await task.catch(() => {});
  reader.feedData(bytes("abc"));
  assertEquals(text((await reading!).value!), "abc");
});

// writable

Deno.test("writable sends what is piped into it, and ends this direction at the end", async () => {
  using pair = await RawPair.open();
  await streamOf("one ", "two").pipeTo(pair.client.writer.writable);
  assertEquals(await readAll(pair.peer), "one two");
  await pair.peer.write(bytes("answer"));
  pair.peer.close();
  assertEquals(text(await pair.client.reader.read()), "answer");
});

Deno.test("writable is the same object every time", async () => {
  using pair = await RawPair.open();
  const { writer } = pair.client;
  assertStrictEquals(writer.writable, writer.writable);
});

Deno.test("writable holds back a fast producer", async () => {
  using pair = await RawPair.open();
  let produced = 0;
  const producer = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      produced += 65536;
      controller.enqueue(new Uint8Array(65536));
      if (produced > 200_000_000) {
        controller.error(new Error("never held back"));
      }
    },
  });
  const piping = producer.pipeTo(pair.client.writer.writable);
  let before = -1;
  await until(() => {
    const stopped = produced === before;
    before = produced;
    return stopped && produced > 0;
  });
  assert(produced < 50_000_000);
  pair.client.writer.abort(); // an abort of the pipe would wait for the write under way
  await assertRejects(() => piping, Deno.errors.ConnectionAborted);
});

Deno.test("aborting writable ends a write that waits for a peer that reads no more", async () => {
  using pair = await RawPair.open();
  const { writer } = pair.client;
  const sink = writer.writable.getWriter();
  const writes = Array.from(
    { length: 200 },
    () => sink.write(new Uint8Array(65536)),
  );
  const written = Promise.allSettled(writes);
  await turns();
  await sink.abort(new Error("enough"));
  assertEquals((await written).at(-1)?.status, "rejected");
  await writer.waitClosed();
});

Deno.test("aborting writable aborts the writer", async () => {
  using pair = await RawPair.open();
  await pair.client.writer.writable.abort(new Error("enough"));
  await pair.client.writer.waitClosed();
  await assertRejects(() => pair.client.writer.writable.getWriter().closed);
});

Deno.test("aborting a writer errors the other end of its stream", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const reading = readable.getReader().read();
  StreamWriter.from(writable).abort();
  await assertRejects(() => reading, Deno.errors.ConnectionAborted, "aborted");
});

Deno.test("the reason of an abort of writable reaches the stream that it stands on", async () => {
  const reasons: unknown[] = [];
  const writer = StreamWriter.from(
    new WritableStream({ abort: (reason) => void reasons.push(reason) }),
  );
  const reason = new RangeError("enough");
  writer.write("unsent");
  await writer.writable.abort(reason);
  const error = await assertRejects(() => writer.drain(), Error);
  assertEquals([reasons, error.cause], [[reason], reason]);
});

Deno.test("a lost connection is the error of writable", async () => {
  const { writable, readable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = StreamWriter.from(writable);
  await readable.cancel(new Error("gone"));
  const piping = streamOf("a", "b".repeat(100_000), "c").pipeTo(
    writer.writable,
  );
  await assertRejects(() => piping);
});

Deno.test("an echo is one pipeTo", async () => {
  await using pair = await Pair.open();
  const { reader, writer } = pair.peer;
  const echo = reader.readable.pipeTo(writer.writable);
  const data = "0123456789".repeat(50_000);
  pair.client.writer.write(data);
  pair.client.writer.writeEof();
  assertEquals(text(await pair.client.reader.read()), data);
  await echo;
  await until(() => pair.server.connections === 0);
});

Deno.test("readers and writers of streams connect to each other", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const reader = StreamReader.from(readable);
  const writer = StreamWriter.from(writable);
  const lines = createTask(() => Array.fromAsync(reader.lines()));
  for (let i = 0; i < 100; i++) {
    writer.write(`line ${i}\n`);
    await writer.drain();
  }
  writer.close();
  await writer.waitClosed();
  assertEquals((await lines).length, 100);
});

Deno.test("a timeout around a read of a stream loses no byte", async () => {
  let give: (chunk: Uint8Array) => void = () => {};
  const reader = StreamReader.from(
    new ReadableStream({
      start: (controller) => void (give = (chunk) => controller.enqueue(chunk)),
    }),
  );
  await assertRejects(() => timeout(1, () => reader.readLine()), TimeoutError);
  give(bytes("late\n"));
  assertEquals(text(await reader.readLine()), "late\n");
});

Deno.test("the waits of a stream belong to no task: a read that is cancelled leaves it its own", async () => {
  const chunks = new Queue<Uint8Array>();
  const source = new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      controller.enqueue(await chunks.get());
    },
  }, { highWaterMark: 0 });
  const reader = StreamReader.from(source);
  await turns(); // in which the stream starts
  const attempt = new Attempt((options) => reader.readLine(options));
  await turns();
  attempt.cancel();
  await turns();
  assertEquals(attempt.outcome, "cancelled");
  chunks.putNowait(bytes("one\n"));
  assertEquals(text(await reader.readLine()), "one\n");
});

Deno.test("what was written is sent, also where its task is cancelled while the sink waits", async () => {
  const taken = new Queue<string>(1);
  let writes = 0;
  const sink = new WritableStream<Uint8Array>({
    write(chunk): Promise<void> {
      writes++;
      return taken.put(text(chunk));
    },
  });
  const writer = StreamWriter.from(sink);
  await turns(); // in which the stream starts
  const attempt = new Attempt(async () => {
    writer.write("one");
    await turns();
    writer.write("two");
    await sleep(60_000);
  });
  while (writes < 2) await turns();
  attempt.cancel();
  await turns();
  assertEquals(attempt.outcome, "cancelled");
  writer.close();
  assertEquals(await taken.get(), "one");
  assertEquals(await taken.get(), "two");
  await writer.waitClosed();
});

Deno.test("a sink runs on the loop of its writer, also where another run writes in the same turn", async () => {
  const both = Promise.withResolvers<void>();
  const writes = async () => {
    const loops: EventLoop[] = [];
    const sink = new WritableStream({
      write: () => void loops.push(getRunningLoop()),
    });
    const writer = StreamWriter.from(sink);
    await both.promise;
    writer.write("one");
    await turns(); // in which it is sent, with what the other run has written
    writer.close();
    await writer.waitClosed();
    assertEquals(loops.map((loop) => loop === getRunningLoop()), [true]);
  };
  const runs = [run(writes), run(writes)];
  await turns();
  both.resolve();
  await Promise.all(runs);
});

Deno.test("closing writable closes the sink, waits for that, and throws its error", async () => {
  const closing = Promise.withResolvers<void>();
  const writer = StreamWriter.from(
    new WritableStream({ close: () => closing.promise }),
  );
  const piping = new Attempt(() => streamOf("one").pipeTo(writer.writable));
  await turns();
  assertEquals(piping.outcome, "pending");
  closing.reject(new RangeError("the disk is full"));
  await turns();
  assertEquals(piping.outcome, "RangeError");
});

Deno.test("the close of a sink goes on where the task that has closed it is cancelled", async () => {
  const release = new Queue<void>();
  const writer = StreamWriter.from(
    new WritableStream({ close: () => release.get() }),
  );
  await turns(); // in which the stream starts
  const attempt = new Attempt((options) => {
    writer.close();
    return writer.waitClosed(options);
  });
  await turns();
  attempt.cancel();
  await turns();
  assertEquals(attempt.outcome, "cancelled");
  release.putNowait();
  await writer.waitClosed();
});

Deno.test("a read given up when its bytes came in the same turn leaves them to the next", async () => {
  await run(async () => {
    let give: (chunk: Uint8Array) => void = () => {};
    const reader = StreamReader.from(
      new ReadableStream({
        start: (controller) =>
          void (give = (chunk) => controller.enqueue(chunk)),
      }),
    );
    const attempt = new Attempt((options) => reader.read(10, options));
    await turns();
    give(bytes("abc"));
    attempt.cancel();
    await attempt.task;
    assertEquals(attempt.outcome, "cancelled");
    assertEquals(text(await reader.read(10)), "abc");
  });
});

// A pipe whose source is silent.

/** One chunk, and then nothing. */
const silent = () =>
  new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes("hello\n")),
  });

const ENDS: Record<string, (streams: Streams, peer: Deno.Conn) => unknown> = {
  "close": ({ writer }) => writer.close(),
  "abort": ({ writer }) => writer.abort(),
  "writeEof": ({ writer }) => writer.writeEof(),
  "a dispose": ({ writer }) => writer[Symbol.asyncDispose](),
};

for (const [name, end] of Object.entries(ENDS)) {
  Deno.test(`a silent pipe into writable is told of ${name} of its writer`, async () => {
    using pair = await RawPair.open();
    const piping = assertRejects(() =>
      silent().pipeTo(pair.client.writer.writable)
    );
    await turns();
    await end(pair.client, pair.peer);
    await piping;
    pair.client.writer.abort();
  });
}

Deno.test("a silent pipe into writable is told of a reset", async () => {
  await using peer = await RawPeer.open();
  const piping = assertRejects(
    () => silent().pipeTo(peer.client.writer.writable),
    Deno.errors.ConnectionReset,
  );
  await turns();
  peer.reset();
  await piping;
});

Deno.test("a silent pipe into writable is told of the end of the program that reads it", async () => {
  await using process = await createSubprocessExec("head", ["-n", "1"], {
    stdin: PIPE,
    stdout: DEVNULL,
  });
  const piping = assertRejects(
    () => silent().pipeTo(process.stdin!.writable),
    Deno.errors.BrokenPipe,
  );
  await process.wait();
  await piping;
});

Deno.test("a pipe into writable whose writer is at its own end goes through", async () => {
  using pair = await RawPair.open();
  const { writer } = pair.client;
  const received = readAll(pair.peer);
  await new Response("all of it").body!.pipeTo(writer.writable);
  assertEquals(await received, "all of it");
});

Deno.test("readable goes through a decompression, and a writer stands on a compression", async () => {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = StreamWriter.from(writable);
  writer.write("some text");
  writer.close();
  const plain = StreamReader.from(readable).readable
    .pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(plain).text(), "some text");
  await writer.waitClosed();
});

Deno.test("what is read can be given to the platform as it is", async () => {
  const reader = new StreamReader();
  reader.feedData(bytes("a\nb\ncdefg"));
  reader.feedEof();
  const parts = new Blob([await reader.readLine(), await reader.readUntil()]);
  assertEquals(await parts.text(), "a\nb\n");
  assertEquals(await new Response(await reader.peek()).text(), "cdefg");
  const hash = await crypto.subtle.digest("SHA-1", await reader.readExactly(1));
  assertEquals(hash.byteLength, 20);
  assertEquals(await new Blob([await reader.read()]).text(), "defg");
});

for (const end of ["close", "abort"] as const) {
  Deno.test(`writable of a writer after its ${end} ends a pipe whose source is silent`, async () => {
    await using pair = await Pair.open();
    const { writer } = pair.client;
    writer[end]();
    const silent = new ReadableStream<Uint8Array>();
    await assertRejects(() => silent.pipeTo(writer.writable), Error, "writer");
  });
}

const TO_THE_END: Record<string, (reader: StreamReader) => Promise<unknown>> = {
  read: (reader) => reader.read(),
  readExactly: (reader) => reader.readExactly(1e9).catch(() => {}),
  pipeTo: (reader) => reader.pipeTo(StreamWriter.from(new WritableStream())),
};

for (const [name, read] of Object.entries(TO_THE_END)) {
  Deno.test(`${name} of a stream that always has more lets timers fire`, async () => {
    let fired = false;
    let chunks = 0;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (fired || ++chunks === 1_000_000) controller.close();
        else controller.enqueue(new Uint8Array(1));
      },
    });
    setTimeout(() => fired = true);
    await read(StreamReader.from(source));
    assert(fired);
  });
}
