import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  openConnection,
  startServer,
  type Streams,
} from "@asyncio/asyncio/streams";
import { timeout, TimeoutError } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
import { certificates } from "./_certificates.ts";
import { Gate } from "./_gate.ts";
import {
  bytes,
  closedAgain,
  openDescriptors,
  portOf,
  text,
} from "./_sockets.ts";
import { until } from "../_helpers/until.ts";
import { serving, test, trusting } from "./_tls.ts";
import { echo, LOOPBACK } from "../_helpers/loopback.ts";
import { Silent } from "./_silent.ts";

/** A client that has asked a server in plain text to go on with TLS. */
async function askedForTls(
  gate: Gate,
  wait?: () => Promise<void>,
): Promise<Streams> {
  const streams = await openConnection({ ...LOOPBACK, port: gate.port });
  streams.writer.write("STARTTLS\n");
  await streams.reader.readLine();
  await wait?.();
  return streams;
}

const tlsOptions = () => ({
  caCerts: [certificates().authority.cert],
  serverName: "localhost",
});

// An idle connection is read ahead, and then goes another way.
const MOMENTS: Record<string, () => Promise<void>> = {
  "at once": async () => {},
  "after a while": () => new Promise((resolve) => setTimeout(resolve, 150)),
};

for (const [moment, wait] of Object.entries(MOMENTS)) {
  test(`${moment}, startTls encrypts a connection, and its reader and writer go on`, async () => {
    await using server = await startServer(
      echo,
      serving({ alpnProtocols: ["echo"] }),
    );
    await using gate = new Gate(portOf(server), "go ahead\n");
    const { reader, writer } = await askedForTls(gate, wait);
    assertEquals(writer.getExtraInfo("tls"), undefined);
    await writer.startTls({ ...tlsOptions(), alpnProtocols: ["echo"] });
    assertEquals(writer.getExtraInfo("tls"), { alpnProtocol: "echo" });
    assert("handshake" in (writer.getExtraInfo("conn") as object));
    assertEquals(writer.canWriteEof, false);
    writer.write("hello\n");
    assertEquals(text(await reader.readLine()), "hello\n");
    writer.close();
    await writer.waitClosed();
  });

  test(`${moment}, startTls sends what is unsent before`, async () => {
    await using server = await startServer(echo, serving());
    await using gate = new Gate(portOf(server), "");
    const { reader, writer } = await openConnection({
      ...LOOPBACK,
      port: gate.port,
    });
    await wait();
    writer.write("STARTTLS\n"); // plain, and not yet sent
    await writer.startTls(tlsOptions());
    writer.write("hello\n");
    assertEquals(text(await reader.readLine()), "hello\n");
    writer.close();
  });

  test(`${moment}, what is written and read during startTls goes through TLS`, async () => {
    await using server = await startServer(echo, serving());
    await using gate = new Gate(portOf(server), "go ahead\n");
    const { reader, writer } = await askedForTls(gate, wait);
    const starting = writer.startTls(tlsOptions());
    await turns(1);
    writer.write("hello\n");
    const reading = reader.readLine();
    await starting;
    assertEquals(text(await reading), "hello\n");
    writer.close();
  });

  test(`${moment}, while startTls is under way, one direction cannot be closed alone any more`, async () => {
    await using server = await startServer(echo, serving());
    await using gate = new Gate(portOf(server), "go ahead\n");
    const { reader, writer } = await askedForTls(gate, wait);
    const starting = writer.startTls(tlsOptions());
    await turns(1);
    assertEquals(writer.canWriteEof, false);
    assertThrows(() => writer.writeEof(), Error, "one direction");
    await starting;
    writer.write("hello\n");
    assertEquals(text(await reader.readLine()), "hello\n");
    writer.close();
  });

  test(`${moment}, startTls with a certificate that is not trusted rejects, and the connection is lost`, async () => {
    const before = openDescriptors();
    const server = await startServer(echo, serving());
    const gate = new Gate(portOf(server), "go ahead\n");
    const { reader, writer } = await askedForTls(gate, wait);
    const { InvalidData } = Deno.errors;
    await assertRejects(
      () => writer.startTls({ serverName: "localhost" }),
      InvalidData,
    );
    await assertRejects(() => reader.read(), InvalidData);
    await assertRejects(() => writer.drain(), InvalidData);
    writer.close();
    await gate[Symbol.asyncDispose]();
    await server.shutdown({ timeout: 0 });
    await closedAgain(before);
  });

  test(`${moment}, startTls to a peer that talks no TLS rejects, and the connection is lost`, async () => {
    using listener = Deno.listen({ ...LOOPBACK, port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const { reader, writer } = await openConnection({ ...LOOPBACK, port });
    using peer = await listener.accept();
    await wait();
    const starting = writer.startTls(tlsOptions());
    await peer.read(new Uint8Array(4096));
    await peer.write(bytes("what are you talking about?\n"));
    const { InvalidData } = Deno.errors;
    await assertRejects(() => starting, InvalidData);
    await assertRejects(() => reader.read(), InvalidData);
    await assertRejects(() => writer.drain(), InvalidData);
    writer.close();
  });

  for (const giveUp of ["cancel", "abort", "writer.abort"] as const) {
    test(`${moment}, startTls given up in the handshake by ${giveUp} ends at once, and the connection is lost`, async () => {
      certificates();
      await turns();
      const before = openDescriptors();
      {
        using silent = new Silent();
        const { reader, writer } = await openConnection({
          ...LOOPBACK,
          port: silent.port,
        });
        await until(() => silent.conns.length === 1);
        await wait();
        const attempt = new Attempt((options) =>
          writer.startTls({ ...tlsOptions(), ...options })
        );
        await turns();
        const reading = reader.read().catch((error) => error.message);
        if (giveUp === "writer.abort") writer.abort();
        else attempt[giveUp]();
        await attempt.task;
        assert(attempt.outcome !== "value");
        assert(typeof await reading === "string");
        writer.close();
      }
      await closedAgain(before);
    });
  }
}

test("startTls while a read is pending, also one that was given up, is an error, and the connection is unharmed", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const { reader, writer } = await openConnection({ ...LOOPBACK, port });
  using peer = await listener.accept();
  const attempt = new Attempt((options) => reader.readLine(options));
  await assertRejects(
    () => writer.startTls(tlsOptions()),
    Error,
    "read is pending",
  );
  attempt.cancel();
  await attempt.task;
  await assertRejects(
    () => writer.startTls(tlsOptions()),
    Error,
    "read is pending",
  );
  await peer.write(bytes("still here\n"));
  assertEquals(text(await reader.readLine()), "still here\n");
  writer.abort();
});

test("startTls with bytes unread is an error, and the connection is unharmed", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const { reader, writer } = await openConnection({ ...LOOPBACK, port });
  using peer = await listener.accept();
  await peer.write(bytes("one\ntwo\n"));
  await reader.readLine();
  await assertRejects(() => writer.startTls(tlsOptions()), Error, "unread");
  assertEquals(text(await reader.readLine()), "two\n");
  writer.abort();
});

test("startTls twice, after close, or with half a certificate is an error", async () => {
  const refused: string[] = [];
  await using server = await startServer(async (_reader, writer) => {
    await writer.startTls().catch((error) => refused.push(error.message));
    writer.close();
  }, serving());
  const { reader, writer } = await openConnection(trusting(portOf(server)));
  await assertRejects(() => writer.startTls(), Error, "encrypted");
  await reader.read();
  assertEquals(refused.length, 1);
  writer.close();
  await writer.waitClosed();

  await using plain = await startServer(() => {}, LOOPBACK);
  const open = await openConnection({ ...LOOPBACK, port: portOf(plain) });
  await assertRejects(() => open.writer.startTls({ cert: "half" }), TypeError);
  await assertRejects(
    () => open.writer.startTls({ cert: "a", key: "b" }),
    Deno.errors.InvalidData,
    "not a certificate",
  );
  open.writer.close();
  await assertRejects(() => open.writer.startTls(), Error, "closed");
});

test("startTls after writeEof is an error, and the peer can still answer", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const { reader, writer } = await openConnection({ ...LOOPBACK, port });
  using peer = await listener.accept();
  writer.writeEof();
  await assertRejects(() => writer.startTls(tlsOptions()), Error, "writeEof");
  await peer.write(bytes("still here\n"));
  assertEquals(text(await reader.readLine()), "still here\n");
  writer.abort();
});

test("startTls given up before the handshake leaves the connection unharmed", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const { reader, writer } = await openConnection({ ...LOOPBACK, port });
  using peer = await listener.accept();
  const signal = AbortSignal.abort(new Error("before"));
  await assertRejects(
    () => writer.startTls({ ...tlsOptions(), signal }),
    Error,
    "before",
  );
  writer.write(new Uint8Array(50_000_000)); // still to be sent
  await assertRejects(
    () => timeout(5, () => writer.startTls(tlsOptions())),
    TimeoutError,
  );
  await peer.write(bytes("still here\n"));
  assertEquals(text(await reader.readLine()), "still here\n");
  writer.abort();
});
