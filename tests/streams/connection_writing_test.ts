import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  openConnection,
  startServer,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { turns } from "../_helpers/turns.ts";
import { resettingServer } from "./_resetting.ts";
import {
  bytes,
  closedAgain,
  openDescriptors,
  Pair,
  portOf,
  RawPair,
  readAll,
  text,
} from "./_sockets.ts";
import { until } from "../_helpers/until.ts";
import { LOOPBACK } from "../_helpers/loopback.ts";

// --- Writing -----------------------------------------------------------------

Deno.test("many small writes of one turn arrive in one piece", async () => {
  using pair = await RawPair.open();
  for (let i = 0; i < 64; i++) pair.client.writer.write(`line ${i}\n`);
  const buffer = new Uint8Array(65536);
  const n = await pair.peer.read(buffer);
  assertEquals(text(buffer.subarray(0, n!)).split("\n").length, 65);
});

Deno.test("the answers to requests that came in one packet leave in one piece", async () => {
  await using server = await startServer(async (reader, writer) => {
    for await (const line of reader) {
      writer.write(line);
      await writer.drain();
    }
    writer.close();
  }, LOOPBACK);
  using conn = await Deno.connect({ ...LOOPBACK, port: portOf(server) });
  const requests = bytes("request\n".repeat(64));
  await conn.write(requests);
  const buffer = new Uint8Array(65536);
  assertEquals(await conn.read(buffer), requests.length);
});

/** Counts the bytes of each call of the socket. */
function watched(writer: StreamWriter): number[] {
  const sizes: number[] = [];
  const conn = writer.getExtraInfo("conn") as Deno.Conn;
  const write = conn.write.bind(conn);
  conn.write = (data) => {
    sizes.push(data.length);
    return write(data);
  };
  return sizes;
}

Deno.test("the answers to 64 requests of one packet leave in one call of the socket", async () => {
  let sizes: number[] = [];
  await using server = await startServer(async (reader, writer) => {
    sizes = watched(writer);
    for (let line; (line = await reader.readLine()).length > 0;) {
      writer.write(line);
      await writer.drain();
    }
    writer.close();
  }, LOOPBACK);
  using conn = await Deno.connect({ ...LOOPBACK, port: portOf(server) });
  const requests = bytes("request\n".repeat(64));
  for (let packet = 1; packet <= 2; packet++) {
    await conn.write(requests);
    await conn.read(new Uint8Array(65536));
    assertEquals(sizes, Array(packet).fill(requests.length));
  }
});

Deno.test("what was written leaves when the connection is read for more", async () => {
  using pair = await RawPair.open();
  const { reader, writer } = pair.client;
  const sizes = watched(writer);
  writer.write("one ");
  writer.write("two");
  assertEquals(sizes, []);
  const answer = reader.read(10);
  assertEquals(sizes, [7]);
  await turns();
  assertEquals(sizes, [7]);
  await pair.peer.write(bytes("well"));
  assertEquals(text(await answer), "well");
});

Deno.test("what is written while a read waits leaves in one call at the end of the turn", async () => {
  using pair = await RawPair.open();
  const { reader, writer } = pair.client;
  const sizes = watched(writer);
  const answer = reader.read(10);
  writer.write("one ");
  await Promise.resolve();
  writer.write("two");
  assertEquals(sizes, []);
  await turns();
  assertEquals(sizes, [7]);
  await pair.peer.write(bytes("well"));
  assertEquals(text(await answer), "well");
});

Deno.test("close sends everything, however much it is", async () => {
  using pair = await RawPair.open();
  const { writer } = pair.client;
  const much = "0123456789".repeat(1_000_000);
  writer.write(much);
  writer.close();
  assertEquals(await readAll(pair.peer), much);
  await writer.waitClosed();
});

Deno.test("abort closes at once, with what is unsent", async () => {
  using pair = await RawPair.open();
  const { writer, reader } = pair.client;
  writer.write(new Uint8Array(50_000_000));
  await turns();
  writer.abort();
  await writer.waitClosed();
  assertEquals((await reader.read()).length, 0);
  let received = 0;
  const buffer = new Uint8Array(65536);
  for (let n; (n = await pair.peer.read(buffer).catch(() => null)) !== null;) {
    received += n;
  }
  assert(received < 50_000_000);
});

Deno.test("closing ends a read that waits, as at the end of the stream", async () => {
  for (const end of ["close", "abort"] as const) {
    using pair = await RawPair.open();
    const reading = pair.client.reader.read();
    await turns();
    pair.client.writer[end]();
    assertEquals((await reading).length, 0);
  }
});

Deno.test("reading after close is reading at the end", async () => {
  using pair = await RawPair.open();
  pair.client.writer.close();
  await pair.client.writer.waitClosed();
  assertEquals((await pair.client.reader.read(10)).length, 0);
});

// --- A lost connection -------------------------------------------------------

Deno.test("a connection that is reset surfaces in read, drain and waitClosed, and frees its socket", async () => {
  await using server = await resettingServer();
  const before = openDescriptors();
  const { reader, writer } = await openConnection({ port: server.port });
  writer.write("a");
  const { ConnectionReset } = Deno.errors;
  await assertRejects(() => reader.read(), ConnectionReset);
  await assertRejects(() => reader.readLine(), ConnectionReset);
  await assertRejects(() => writer.drain(), ConnectionReset);
  await assertRejects(() => writer.waitClosed(), ConnectionReset);
  assertEquals(writer.isClosing, true);
  await closedAgain(before);
});

for (const end of ["close", "abort"] as const) {
  Deno.test(`writing to a lost connection is no error before ${end}: drain and waitClosed say that it is lost`, async () => {
    await using server = await resettingServer();
    const before = openDescriptors();
    const { reader, writer } = await openConnection({ port: server.port });
    writer.write("a");
    const { ConnectionReset } = Deno.errors;
    const error = await assertRejects(() => reader.read(), ConnectionReset);
    await closedAgain(before);
    writer.write("b");
    writer.writeLines(["c", "d"]);
    assertStrictEquals(await assertRejects(() => writer.drain()), error);
    assertStrictEquals(await assertRejects(() => writer.waitClosed()), error);
    writer[end]();
    assertThrows(() => writer.write("e"), Error, "closed");
    assertStrictEquals(await assertRejects(() => writer.waitClosed()), error);
  });
}

Deno.test("writing to a client that is lost is no error, also when its handler has returned", async () => {
  await using pair = await Pair.open();
  const { reader, writer } = pair.peer;
  pair.client.writer.abort();
  assertEquals((await reader.read()).length, 0);
  let error: unknown;
  while (error === undefined) {
    writer.write("anybody there?");
    await turns();
    error = await writer.drain().catch((error) => error);
  }
  await until(() => pair.server.connections === 0);
  writer.write("lost");
  assertStrictEquals(await assertRejects(() => writer.drain()), error);
});

Deno.test("a reset ends drains that wait, when a read finds it", async () => {
  await using server = await resettingServer();
  const { reader, writer } = await openConnection({ port: server.port });
  writer.write(new Uint8Array(50_000_000));
  const waits = [writer.drain(), writer.waitClosed(), reader.read()];
  for (const wait of waits) await assertRejects(() => wait);
});

Deno.test("a peer that is gone surfaces at drain, and what it sent before can still be read", async () => {
  using pair = await RawPair.open();
  const { reader, writer } = pair.client;
  await pair.peer.write(bytes("farewell"));
  pair.peer.close();
  let error: unknown;
  while (error === undefined) {
    writer.write("anybody there?");
    await turns();
    error = await writer.drain().catch((error) => error);
  }
  assert(
    error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.ConnectionReset,
  );
  assertEquals(text(await reader.read(8)), "farewell");
});

Deno.test("drains that wait end when the connection is lost", async () => {
  using pair = await RawPair.open();
  const { writer } = pair.client;
  writer.write(new Uint8Array(50_000_000));
  const drains = [writer.drain(), writer.drain(), writer.waitClosed()];
  await turns();
  pair.peer.close();
  for (const drain of drains) await assertRejects(() => drain, Error);
});

Deno.test("a lost connection that is not asked about is no unhandled rejection", async () => {
  await using server = await resettingServer();
  const { writer } = await openConnection({ port: server.port });
  for (let i = 0; i < 10; i++) {
    writer.write("anybody there?");
    await turns(1);
  }
  writer.close();
  await turns();
});

Deno.test("drain throws the exception that the reader of the connection was given", async () => {
  await using pair = await Pair.open();
  const { reader, writer } = pair.client;
  const error = new Error("enough");
  reader.setException(error);
  assertStrictEquals(await assertRejects(() => writer.drain()), error);
});
