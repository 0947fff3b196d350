import { assertEquals, assertRejects } from "@std/assert";
import { createTask, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { runChild } from "./_child.ts";
import { RawPeer } from "./_raw_peer.ts";
import { RawPair, text } from "./_sockets.ts";
import { Sink } from "./_sink.ts";
import { turns } from "../_helpers/turns.ts";
import { until } from "../_helpers/until.ts";

Deno.test("the end of the peer is noticed though nothing is read", async () => {
  await using peer = await RawPeer.open();
  const { reader, writer } = peer.client;
  peer.end();
  await until(() => reader.atEof);
  assertEquals(writer.isClosing, false);
  assertEquals(await reader.read(), new Uint8Array());
});

Deno.test("the end of the peer is noticed also after much was peeked at and discarded", async () => {
  await using peer = await RawPeer.open();
  const { reader } = peer.client;
  const much = new Uint8Array(100_000); // more than is read ahead of the reader
  await peer.send(much);
  await reader.peek(much.length);
  await sleep(50); // so that it was found to be idle with too much
  reader.discard(much.length);
  peer.end();
  await until(() => reader.atEof);
});

Deno.test("the end of the peer is noticed also after a pipe was given up that could not go on", async () => {
  await using peer = await RawPeer.open();
  const { reader } = peer.client;
  const sink = new Sink();
  const open = sink.block();
  const piping = createTask(() => reader.pipeTo(sink.writer));
  await peer.send("hello");
  await until(() => Deno.inspect(sink.writer).includes("unsent: 5"));
  await sleep(50); // so that it was found to be busy
  piping.cancel();
  peer.end();
  await until(() => reader.atEof);
  open();
  await turns();
});

Deno.test("after the end of the peer, this side can still send, and waitClosed waits for its own end", async () => {
  using pair = await RawPair.open();
  const { reader, writer } = pair.client;
  await pair.peer.closeWrite();
  await until(() => reader.atEof);
  const closed = new Attempt((options) => writer.waitClosed(options));
  writer.write("still here\n");
  const buffer = new Uint8Array(100);
  const n = await pair.peer.read(buffer);
  assertEquals(text(buffer.subarray(0, n!)), "still here\n");
  assertEquals(closed.outcome, "pending");
  writer.close();
  await closed.task;
  assertEquals(closed.outcome, "value");
});

Deno.test("a reset by the peer is noticed though nothing is read", async () => {
  await using peer = await RawPeer.open();
  const { reader, writer } = peer.client;
  const closed = assertRejects(
    () => writer.waitClosed(),
    Deno.errors.ConnectionReset,
  );
  peer.reset();
  await until(() => writer.isClosing);
  await closed;
  await assertRejects(() => reader.read(), Deno.errors.ConnectionReset);
});

Deno.test("bytes that come while nothing is read are all there, before the end", async () => {
  await using peer = await RawPeer.open();
  const { reader } = peer.client;
  await peer.send("hello ");
  await until(() => Deno.inspect(reader).includes("buffered: 6"));
  assertEquals(reader.atEof, false);
  await peer.send("there");
  peer.end();
  assertEquals(text(await reader.read()), "hello there");
});

Deno.test("a peer that sends without end has to wait while nothing is read", async () => {
  await using peer = await RawPeer.open();
  const { reader } = peer.client;
  const size = 20_000_000;
  let isSent = false;
  const sending = peer.send(new Uint8Array(size)).then(() => isSent = true);
  const buffered = () =>
    Number(/buffered: (\d+)/.exec(Deno.inspect(reader))![1]);
  await until(() => buffered() >= 65536);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assertEquals(buffered() < 1_000_000, true);
  assertEquals(isSent, false);
  peer.end();
  assertEquals((await reader.read()).length, size);
  await sending;
});

Deno.test("an idle connection does not keep its program alive", async () => {
  assertEquals(await runChild("_idle_program.ts"), ["the end"]);
});
