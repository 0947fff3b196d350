import { assert, assertEquals, assertRejects } from "@std/assert";
import { createTask, timeout, TimeoutError } from "@asyncio/asyncio/tasks";
import { CountedReads } from "./_counted_reads.ts";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
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

// --- Reading -----------------------------------------------------------------

Deno.test("a read that is cancelled leaves its bytes to the next one, and the connection usable", async () => {
  using pair = await RawPair.open();
  const { reader, writer } = pair.client;
  for (const giveUp of ["cancel", "abort"] as const) {
    const attempt = new Attempt((options) => reader.readExactly(4, options));
    await pair.peer.write(bytes("ab"));
    await turns();
    attempt[giveUp]();
    await attempt.task;
    await pair.peer.write(bytes("cd"));
    assertEquals(text(await reader.readExactly(4)), "abcd");
  }
  writer.write("still here");
  writer.writeEof();
  assertEquals(await readAll(pair.peer), "still here");
});

Deno.test("messages a little longer than the first read take one read each, but for the first", async () => {
  using pair = await RawPair.open();
  const { reader, writer } = pair.client;
  const reads = new CountedReads(writer.getExtraInfo("conn") as Deno.Conn);
  for (const size of [700, 1100, 5000]) {
    const before = reads.count;
    for (let i = 0; i < 20; i++) {
      const message = createTask(() => reader.readExactly(size));
      await turns();
      await pair.peer.write(new Uint8Array(size));
      await message;
    }
    const passed = reads.count - before;
    assert(passed <= 24, `${passed} reads of ${size} bytes`);
  }
});

Deno.test("a read cancelled as its bytes arrive, again and again, loses none and mixes none up", async () => {
  using pair = await RawPair.open();
  const { reader } = pair.client;
  const sent = Array.from({ length: 300 }, (_, i) => `${i},`).join("");
  const sending = (async () => {
    for (let at = 0; at < sent.length; at += 7) {
      await pair.peer.write(bytes(sent.slice(at, at + 7)));
      await turns(1);
    }
    await pair.peer.closeWrite();
  })();
  let received = "";
  while (!reader.atEof) {
    const attempt = new Attempt((options) => reader.read(3, options));
    await null;
    if (attempt.outcome === "pending") await turns(1);
    attempt.cancel();
    await attempt.task.catch(() => {});
    if (attempt.outcome === "value") {
      received += text(attempt.value as Uint8Array);
    }
  }
  await sending;
  assertEquals(received, sent);
});

Deno.test("a read that times out leaves the connection usable", async () => {
  await using pair = await Pair.open();
  const { reader } = pair.client;
  await assertRejects(() => timeout(1, () => reader.readLine()), TimeoutError);
  pair.peer.writer.write("late\n");
  assertEquals(text(await reader.readLine()), "late\n");
});

Deno.test("a peer that sends faster than it is read has to wait", async () => {
  await using pair = await Pair.open();
  let sent = 0;
  const sending = createTask(async () => {
    const chunk = new Uint8Array(65536);
    while (true) {
      pair.peer.writer.write(chunk);
      await pair.peer.writer.drain();
      sent += chunk.length;
    }
  });
  let before = -1;
  await until(() => {
    const stopped = sent === before;
    before = sent;
    return stopped && sent > 0;
  });
  assert(sent < 50_000_000);
  sending.cancel();
  await sending.catch(() => {});
});

// --- Half-close --------------------------------------------------------------

Deno.test("after writeEof the peer reads to the end, and can still answer", async () => {
  await using pair = await Pair.open();
  pair.client.writer.write("question");
  pair.client.writer.writeEof();
  assertEquals(text(await pair.peer.reader.read()), "question");
  pair.peer.writer.write("answer");
  pair.peer.writer.writeEof();
  assertEquals(text(await pair.client.reader.read()), "answer");
});

Deno.test("a connection whose both directions have ended is closed", async () => {
  const before = openDescriptors();
  await using pair = await Pair.open();
  pair.client.writer.writeEof();
  await pair.peer.reader.read();
  pair.peer.writer.writeEof();
  await pair.client.reader.read();
  await Promise.all([
    pair.client.writer.waitClosed(),
    pair.peer.writer.waitClosed(),
  ]);
  assertEquals(pair.server.connections, 0);
  await pair.server.shutdown();
  await closedAgain(before);
});

for (const close of ["close", "abort"] as const) {
  Deno.test(`after writer.${close} the reader is at its end`, async () => {
    await using pair = await Pair.open();
    const { reader, writer } = pair.client;
    writer[close]();
    await writer.waitClosed();
    assertEquals(reader.atEof, true);
  });
}

Deno.test("what came before the connection was closed can still be read", async () => {
  using pair = await RawPair.open();
  const { reader, writer } = pair.client;
  await pair.peer.write(bytes("one\ntwo"));
  await reader.readLine();
  writer.close();
  await writer.waitClosed();
  assertEquals(reader.atEof, false);
  assertEquals(text(await reader.read()), "two");
  assertEquals(reader.atEof, true);
});

Deno.test("the end of what the peer sends does not end this side", async () => {
  using pair = await RawPair.open();
  await pair.peer.closeWrite();
  assertEquals((await pair.client.reader.read()).length, 0);
  assertEquals(pair.client.reader.atEof, true);
  pair.client.writer.write("still here");
  pair.client.writer.close();
  assertEquals(await readAll(pair.peer), "still here");
});
