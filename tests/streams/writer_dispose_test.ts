import { assertEquals, assertRejects } from "@std/assert";
import { openConnection, type StreamWriter } from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { Silent } from "./_silent.ts";
import { MUCH, Sink } from "./_sink.ts";

async function send(writer: StreamWriter, much: string): Promise<void> {
  await using _ = writer;
  writer.write(much);
  await writer.drain();
}

/** A task that is cancelled while it sends, to a peer that takes nothing until `open`. */
async function cancelledSend() {
  const sink = new Sink();
  const open = sink.block();
  const task = createTask(() => send(sink.writer, MUCH));
  await turns();
  task.cancel();
  return { sink, open, task };
}

Deno.test("a writer disposed by a timeout gives up a peer that takes nothing", async () => {
  using peer = new Silent();
  const { writer } = await openConnection({ port: peer.port });
  await assertRejects(
    () => timeout(1, () => send(writer, MUCH.repeat(500))),
    TimeoutError,
  );
  assertEquals(writer.isClosing, true);
});

Deno.test("a writer disposed by a cancel gives up a peer that takes nothing", async () => {
  const { sink, open, task } = await cancelledSend();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(sink.chunks, []);
  open();
  await turns();
});

Deno.test("a writer disposed by a cancel loses nothing where the peer goes on taking", async () => {
  const { sink, open, task } = await cancelledSend();
  await turns();
  open();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(sink.chunks.join("").length, MUCH.length);
  assertEquals(sink.closed, true);
});

Deno.test("a writer disposed without a cancel waits until everything is sent", async () => {
  const sink = new Sink();
  const open = sink.block();
  const task = createTask(async () => {
    await using writer = sink.writer;
    writer.write(MUCH);
  });
  await turns();
  assertEquals(task.done, false);
  open();
  await task;
  assertEquals(sink.chunks.join("").length, MUCH.length);
});

Deno.test("a writer whose dispose is cancelled gives up a peer that takes nothing", async () => {
  const sink = new Sink();
  const open = sink.block();
  const task = createTask(async () => {
    await using writer = sink.writer;
    writer.write(MUCH);
  });
  await turns();
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(sink.chunks, []);
  assertEquals(sink.writer.isClosing, true);
  await assertRejects(() => sink.writer.drain(), Error, "aborted");
  open();
  await turns();
});

Deno.test("a writer whose dispose is cancelled loses nothing if the peer goes on taking", async () => {
  const sink = new Sink();
  const open = sink.block();
  const task = createTask(async () => {
    await using writer = sink.writer;
    writer.write(MUCH);
  });
  await turns();
  task.cancel();
  await turns();
  open();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(sink.chunks.join("").length, MUCH.length);
  assertEquals(sink.closed, true);
});
