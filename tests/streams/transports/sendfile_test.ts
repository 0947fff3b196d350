import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BaseProtocol,
  connectWritePipe,
  sendfile,
  type Transport,
} from "@asyncio/asyncio/streams/transports";
import { CancelledError, createTask } from "@asyncio/asyncio/tasks";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { RecordedPair } from "./_recorder.ts";

/** A file of so many bytes, each its place modulo 251. */
async function withFile(
  size: number,
  use: (file: Deno.FsFile, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    const bytes = new Uint8Array(size).map((_, i) => i % 251);
    await Deno.writeFile(path, bytes);
    using file = await Deno.open(path);
    await use(file, bytes);
  } finally {
    await Deno.remove(path);
  }
}

/** What comes to the peer. */
function collect({ peer }: RecordedPair): () => number[] {
  const received: Uint8Array[] = [];
  peer.dataReceived = (data) => received.push(data);
  return () => received.flatMap((each) => [...each]);
}

function position(file: Deno.FsFile): Promise<number> {
  return file.seek(0, Deno.SeekMode.Current);
}

Deno.test("a file is sent whole, after what was written before it", async () => {
  await withFile(600_000, async (file, bytes) => {
    await using pair = await RecordedPair.open();
    const received = collect(pair);
    pair.transport.write("head");
    assertEquals(await sendfile(pair.transport, file), 600_000);
    assertEquals(await position(file), 600_000);
    pair.transport.close();
    await pair.peer.lost();
    assertEquals(received().slice(4), [...bytes]);
  });
});

Deno.test("a part of a file is sent, wherever its position is", async () => {
  await withFile(1000, async (file, bytes) => {
    await using pair = await RecordedPair.open();
    const received = collect(pair);
    const { transport } = pair;
    await file.seek(500, Deno.SeekMode.Start);
    assertEquals(await sendfile(transport, file, { offset: 10, count: 5 }), 5);
    assertEquals(await position(file), 15);
    assertEquals(
      await sendfile(transport, file, { offset: 990, count: 50 }),
      10,
    );
    assertEquals(await sendfile(transport, file, { offset: 5000 }), 0);
    await until(() => received().length === 15);
    assertEquals(received(), [...bytes.slice(10, 15), ...bytes.slice(990)]);
  });
});

Deno.test("nothing else is written meanwhile, and two files not at once", async () => {
  await withFile(20_000_000, async (file) => {
    await using pair = await RecordedPair.open();
    const { peer, transport } = pair;
    peer.transport.pauseReading();
    let received = 0;
    peer.dataReceived = (data) => received += data.length;
    const sending = sendfile(transport, file);
    assertThrows(() => transport.write("x"), Error, "sendfile is in progress");
    await assertRejects(
      () => sendfile(transport, file),
      Error,
      "sendfile is in progress",
    );
    peer.transport.resumeReading();
    assertEquals(await sending, 20_000_000);
    transport.write("x");
    await until(() => received === 20_000_001);
  });
});

Deno.test("writeEof meanwhile ends the direction after the file", async () => {
  await withFile(2_000_000, async (file, bytes) => {
    await using pair = await RecordedPair.open();
    const received = collect(pair);
    const sending = sendfile(pair.transport, file);
    pair.transport.writeEof();
    assertEquals(await sending, bytes.length);
    await pair.peer.lost();
    assertEquals(received().length, bytes.length);
    assertEquals(pair.peer.events, ["made", "eof", "lost None"]);
  });
});

Deno.test("writeEof of a pipe meanwhile closes it after the file", async () => {
  await withFile(600_000, async (file, bytes) => {
    const { readable, writable } = new TransformStream<
      Uint8Array,
      Uint8Array
    >();
    const { transport } = await connectWritePipe(
      () => new BaseProtocol(),
      writable,
    );
    const received = new Response(readable).bytes();
    const sending = sendfile(transport, file);
    transport.writeEof();
    assertEquals(await sending, bytes.length);
    assertEquals(await received, bytes);
  });
});

Deno.test("a cancel stops it, and the transport can be used", async () => {
  await withFile(30_000_000, async (file) => {
    await using pair = await RecordedPair.open();
    const { peer, transport } = pair;
    peer.transport.pauseReading();
    let received = 0;
    peer.dataReceived = (data) => received += data.length;
    const task = createTask(() => sendfile(transport, file));
    await until(() => transport.getWriteBufferSize() > 0);
    await turns(20);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    const sent = await position(file);
    assert(sent > 0 && sent < 30_000_000);
    transport.write("x");
    peer.transport.resumeReading();
    await until(() => received === sent + 1);
  });
});

Deno.test("a connection that is lost or closed meanwhile is an error", async () => {
  await withFile(30_000_000, async (file) => {
    for (const end of ["abort", "close"] as const) {
      await using pair = await RecordedPair.open();
      const { peer, transport } = pair;
      peer.transport.pauseReading();
      const sending = assertRejects(
        () => sendfile(transport, file),
        Deno.errors.ConnectionReset,
      );
      await until(() => transport.getWriteBufferSize() > 0);
      transport[end]();
      peer.transport.resumeReading();
      await sending;
    }
  });
});

Deno.test("what cannot be sent, or not there, is refused", async () => {
  await withFile(10, async (file) => {
    await using pair = await RecordedPair.open();
    const { transport } = pair;
    const wrong = (...args: unknown[]) => () =>
      sendfile(...args as Parameters<typeof sendfile>);
    await assertRejects(wrong({} as Transport, file), TypeError, "transport");
    await assertRejects(wrong(transport, "file"), TypeError, "Deno.FsFile");
    await assertRejects(wrong(transport, file, { offset: -1 }), RangeError);
    await assertRejects(wrong(transport, file, { count: 0 }), RangeError);
    await assertRejects(wrong(transport, file, { count: 1.5 }), RangeError);
    await assertRejects(wrong(transport, file, 5), TypeError, "an object");
    transport.close();
    await assertRejects(wrong(transport, file), Error, "closing");
  });
});
