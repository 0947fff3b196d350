import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import {
  openConnection,
  startServer,
  StreamReader,
} from "@asyncio/asyncio/streams";
import { WAYS } from "./_fed.ts";
import { Gate } from "./_gate.ts";
import { RawPeer } from "./_raw_peer.ts";
import { bytes, portOf, text } from "./_sockets.ts";
import { until } from "../_helpers/until.ts";
import { serving, test, trusting } from "./_tls.ts";

/** What an error carries of the bytes that were there. */
function partialOf(error: Error): string | undefined {
  const { partial } = error as { partial?: Uint8Array };
  return partial && text(partial);
}

/** A stream of one chunk that fails afterwards. */
function failing(chunk: string, error: unknown): StreamReader {
  return StreamReader.from(
    new ReadableStream({
      start: (controller) => controller.enqueue(bytes(chunk)),
      pull: (controller) => controller.error(error),
    }, { highWaterMark: 0 }),
  );
}

Deno.test("a reset that a write was told of is no clean end of the reads", async () => {
  await using peer = await RawPeer.open();
  const { reader, writer } = peer.client;
  await peer.send("half of the bo");
  assertEquals(text(await reader.readExactly(4)), "half");
  peer.reset();
  // The system tells it to one call alone: here a write.
  while (!writer.isClosing) {
    writer.write("acknowledged\n");
    await new Promise((resolve) => setTimeout(resolve));
  }
  const error = await assertRejects(() => reader.read(), Error);
  assert(
    error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.BrokenPipe,
  );
  assertEquals(partialOf(error), " of the bo");
  await assertRejects(() => writer.drain(), error.constructor as typeof Error);
});

Deno.test("the bytes that came before a reset are given first", async () => {
  await using peer = await RawPeer.open();
  const { reader, writer } = peer.client;
  await peer.send("one\ntwo\nthr");
  assertEquals(text(await reader.readLine()), "one\n");
  peer.reset();
  await until(() => writer.isClosing);
  assertEquals(text(await reader.readLine()), "two\n");
  assertEquals(text(await reader.read(2)), "th");
  assertEquals(text(await reader.read(2)), "r");
  await assertRejects(() => reader.read(2), Deno.errors.ConnectionReset);
});

for (const [way, read] of Object.entries(WAYS)) {
  Deno.test(`${way} of a stream that fails rejects with what was there as partial`, async () => {
    const reader = failing("half", new TypeError("broken"));
    const error = await assertRejects(() => read(reader), TypeError, "broken");
    assertEquals(partialOf(error), "half");
    const next = await assertRejects(() => read(reader), TypeError, "broken");
    assertEquals(partialOf(next), undefined);
  });

  Deno.test(`${way} of a stream that fails with an error of its own class rejects with that`, async () => {
    class Broken extends Error {
      readonly code = 7;
    }
    const broken = new Broken("broken");
    const reader = failing("half", broken);
    const error = await assertRejects(() => read(reader), Broken);
    assertStrictEquals(error, broken);
    assertEquals(partialOf(error), "half");
  });
}

Deno.test("a stream that fails with what is no error leaves its bytes to the next read", async () => {
  const reader = failing("half", "broken");
  assertEquals(await reader.read().catch((error) => error), "broken");
  assertEquals(text(await reader.read(10)), "half");
  assertEquals(await reader.read(10).catch((error) => error), "broken");
});

Deno.test("an error with much that was there is printed in a few lines, and has all of it", async () => {
  const much = "x".repeat(5000);
  const lost = failing(much, new TypeError("broken"));
  const ended = StreamReader.from(new Response(much).body!);
  for (const reader of [lost, ended]) {
    const error = await assertRejects(() => reader.readExactly(9000), Error);
    assertStringIncludes(Deno.inspect(error), "partial: [Getter]");
    assertEquals(partialOf(error), much);
    assertEquals({ ...error as { partial?: unknown } }.partial, bytes(much));
  }
});

test("what a TLS peer has sent before it ends without a close_notify is given with the error", async () => {
  await using server = await startServer(async (reader, writer) => {
    writer.write("x".repeat(5000));
    await reader.read().catch(() => {});
  }, serving());
  await using gate = new Gate(portOf(server));
  const { reader, writer } = await openConnection(trusting(gate.port));
  assertEquals((await reader.readExactly(1000)).length, 1000);
  const rest = reader.read();
  rest.catch(() => {});
  await until(() => Deno.inspect(reader).includes("buffered: 4000"));
  gate.cut();
  const error = await assertRejects(() => rest, Deno.errors.UnexpectedEof);
  assertEquals(partialOf(error), "x".repeat(4000));
  writer.abort();
});

Deno.test("readable of a lost connection gives what was there before its error", async () => {
  const reader = failing("all of it", new TypeError("broken"));
  const web = reader.readable.getReader();
  assertEquals(text((await web.read()).value!), "all of it");
  await assertRejects(() => web.read(), TypeError, "broken");
});
