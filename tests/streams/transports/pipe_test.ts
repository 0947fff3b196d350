import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BaseProtocol,
  connectReadPipe,
  connectWritePipe,
} from "@asyncio/asyncio/streams/transports";
import { CancelledError, createTask, run } from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { outputOf, testWith } from "../_programs.ts";
import { bytes } from "../_sockets.ts";
import { Recorder } from "./_recorder.ts";

/** A stream of these chunks, and what it was cancelled with. */
function streamOf(...chunks: string[]) {
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const next = chunks.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(bytes(next));
    },
    cancel(reason) {
      cancelled.push(reason);
    },
  }, { highWaterMark: 0 });
  return { stream, cancelled };
}

/** What goes through a stream that is written to. */
class Collected extends WritableStream<Uint8Array> {
  readonly chunks: string[];
  readonly ends: string[];

  constructor(write = (_chunk: Uint8Array) => Promise.resolve()) {
    const chunks: string[] = [];
    const ends: string[] = [];
    super({
      write: async (chunk) => {
        await write(chunk);
        chunks.push(new TextDecoder().decode(chunk));
      },
      close: () => void ends.push("close"),
      abort: () => void ends.push("abort"),
    });
    this.chunks = chunks;
    this.ends = ends;
  }
}

testWith(
  ["python3"],
  "as in CPython: a pipe that is read, and one that is written to",
  async () => {
    const printed = await outputOf("python3", [
      "-c",
      `
import asyncio, json, os
class Recorder(asyncio.Protocol):
    def __init__(self):
        self.events = []
    def connection_made(self, transport):
        self.transport = transport
        self.events.append("made")
    def data_received(self, data):
        self.events.append("data " + data.decode())
    def eof_received(self):
        self.events.append("eof")
        return True
    def connection_lost(self, error):
        self.events.append("lost " + str(error))
async def main():
    loop = asyncio.get_running_loop()
    read, write = os.pipe()
    t1, reader = await loop.connect_read_pipe(Recorder, os.fdopen(read, "rb"))
    t2, writer = await loop.connect_write_pipe(Recorder, os.fdopen(write, "wb"))
    extra = [t1.is_reading(), t2.can_write_eof(), t2.is_closing()]
    t2.write(b"hello")
    while reader.events[-1] != "data hello":
        await asyncio.sleep(0.001)
    t2.write_eof()
    extra.append(t2.is_closing())
    while "lost None" not in reader.events:
        await asyncio.sleep(0.001)
    print(json.dumps([reader.events, writer.events, extra]))
asyncio.run(main())
`,
    ]);
    const { readable, writable } = new TransformStream<
      Uint8Array,
      Uint8Array
    >();
    const { protocol: reader, transport: t1 } = await connectReadPipe(
      () => new Recorder(),
      readable,
    );
    reader.keepsOpen = true;
    const { protocol: writer, transport: t2 } = await connectWritePipe(
      () => new Recorder(),
      writable,
    );
    const extra = [t1.isReading, t2.canWriteEof, t2.isClosing];
    t2.write("hello");
    await reader.got("hello");
    t2.writeEof();
    extra.push(t2.isClosing);
    await reader.lost();
    await writer.lost();
    assertEquals([reader.events, writer.events, extra], JSON.parse(printed));
  },
);

Deno.test("a read pipe that is closed cancels its stream, whose end is not told", async () => {
  const { stream, cancelled } = streamOf("one", "two", "three");
  const { protocol, transport } = await connectReadPipe(
    () => new Recorder(),
    stream,
  );
  protocol.dataReceived = (data) => {
    Recorder.prototype.dataReceived.call(protocol, data);
    transport.close();
    transport.close();
  };
  await protocol.lost();
  assertEquals(protocol.events, ["made", "data one", "lost None"]);
  await until(() => cancelled.length === 1);
});

Deno.test("a read pipe is paused and resumed", async () => {
  const { stream } = streamOf("one", "two");
  const { protocol, transport } = await connectReadPipe(
    () => new Recorder(),
    stream,
  );
  transport.pauseReading();
  await turns(5);
  assertEquals(protocol.events, ["made"]);
  transport.resumeReading();
  await protocol.lost();
  assertEquals(protocol.events, ["made", "data onetwo", "eof", "lost None"]);
});

Deno.test("a stream that fails loses its transport with the error", async () => {
  const failure = new TypeError("broken");
  const stream = new ReadableStream<Uint8Array>({
    pull: () => Promise.reject(failure),
  });
  const { protocol } = await connectReadPipe(() => new Recorder(), stream);
  await protocol.lost();
  assertEquals(protocol.error, failure);

  const sink = new Collected(() => Promise.reject<void>(failure));
  const writing = await connectWritePipe(() => new Recorder(), sink);
  writing.transport.write("x");
  await writing.protocol.lost();
  assertEquals(writing.protocol.error, failure);
});

Deno.test("a stream that fails while nothing is written loses its transport as well", async () => {
  let fail!: (error: unknown) => void;
  const stream = new WritableStream<Uint8Array>({
    start: (controller) => {
      fail = (error) => controller.error(error);
    },
  });
  const { protocol } = await connectWritePipe(() => new Recorder(), stream);
  const failure = new TypeError("gone");
  fail(failure);
  await protocol.lost();
  assertEquals(protocol.error, failure);
});

Deno.test("what is written leaves in order, and is written before the end", async () => {
  const sink = new Collected();
  const { protocol, transport } = await connectWritePipe(
    () => new Recorder(),
    sink,
  );
  const buffer = bytes("a");
  transport.write(buffer);
  buffer[0]!++;
  transport.write(buffer);
  transport.write("c");
  transport.close();
  transport.write("dropped");
  await protocol.lost();
  assertEquals([sink.chunks.join(""), sink.ends], ["abc", ["close"]]);
  assertEquals(protocol.events, ["made", "lost None"]);
});

Deno.test("writing to a pipe is paused and resumed, after writeEof it is an error", async () => {
  const gate = Promise.withResolvers<void>();
  const sink = new Collected(() => gate.promise);
  const { protocol, transport } = await connectWritePipe(
    () => new Recorder(),
    sink,
  );
  transport.setWriteBufferLimits({ high: 2 });
  transport.write("abc");
  assertEquals(protocol.events, ["made", "pause"]);
  transport.writeEof();
  assertThrows(() => transport.write("x"), Error, "writeEof");
  gate.resolve();
  await protocol.lost();
  assertEquals(protocol.events, ["made", "pause", "resume", "lost None"]);
  assertEquals(sink.chunks, ["abc"]);
});

Deno.test("abort drops what is unsent, and aborts the stream", async () => {
  const gate = Promise.withResolvers<void>();
  const sink = new Collected(() => gate.promise);
  const { protocol, transport } = await connectWritePipe(
    () => new Recorder(),
    sink,
  );
  transport.write("first");
  transport.write("dropped");
  transport.abort();
  await protocol.lost();
  gate.resolve();
  await until(() => sink.ends.length > 0);
  assertEquals([sink.chunks, sink.ends], [["first"], ["abort"]]);
});

Deno.test("an error in dataReceived loses a pipe, and is reported", async () => {
  const reports = await reportsOf(async () => {
    const { stream, cancelled } = streamOf("x", "y");
    const { protocol } = await connectReadPipe(() => new Recorder(), stream);
    protocol.dataReceived = () => {
      throw new TypeError("no");
    };
    await protocol.lost();
    assertEquals(protocol.events, ["made", "lost TypeError"]);
    await until(() => cancelled.length === 1);
  });
  assertEquals(reports.map(({ message }) => message), [
    "Fatal error: protocol.dataReceived() call failed",
  ]);
});

Deno.test("pipes end with their run", async () => {
  const sink = new Collected();
  const cancelled: string[] = [];
  const endless = new ReadableStream<Uint8Array>({
    cancel: () => void cancelled.push("cancelled"),
  });
  await run(async () => {
    await connectReadPipe(() => new Recorder(), endless);
    const { transport } = await connectWritePipe(
      () => new BaseProtocol(),
      sink,
    );
    transport.write("last words");
  });
  assertEquals([sink.chunks, sink.ends], [["last words"], ["close"]]);
  assertEquals(cancelled, ["cancelled"]);
});

Deno.test("a stream that is locked, what is no factory, and a cancel leave the stream as it is", async () => {
  const { stream } = streamOf("x");
  const reader = stream.getReader();
  await assertRejects(
    () => connectReadPipe(() => new Recorder(), stream),
    TypeError,
  );
  reader.releaseLock();
  await assertRejects(
    () => connectReadPipe(new Recorder() as never, stream),
    TypeError,
    "Cannot call connectReadPipe: expected a function",
  );
  const sink = new Collected();
  const task = createTask(async () => {
    task.cancel();
    await connectWritePipe(() => new Recorder(), sink);
  });
  await assertRejects(async () => await task, CancelledError);
  assert(!stream.locked && !sink.locked);
});

Deno.test("a pipe knows its stream", async () => {
  const { stream } = streamOf();
  const { protocol, transport } = await connectReadPipe(
    () => new Recorder(),
    stream,
  );
  assertEquals(transport.getExtraInfo("pipe"), stream);
  await protocol.lost();
});
