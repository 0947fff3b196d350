import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type ConnectOptions,
  openConnection,
  type ServeOptions,
  startServer,
  type StreamReader,
  type Streams,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { createTask, run, timeout, TimeoutError } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_attempt.ts";
import { turns } from "../tasks/_turns.ts";
import { has } from "../_installed.ts";
import { certificates } from "./_certificates.ts";
import { Gate } from "./_gate.ts";
import {
  bytes,
  closedAgain,
  openDescriptors,
  portOf,
  text,
  until,
} from "./_sockets.ts";

const LOOPBACK = { hostname: "127.0.0.1" };

/** These tests make their certificates with openssl. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !has("openssl") });
}

function serving(options: Partial<ServeOptions["tls"]> = {}): ServeOptions {
  const { cert, key } = certificates().server;
  return { ...LOOPBACK, tls: { cert, key, ...options } };
}

function trusting(
  port: number,
  options: ConnectOptions["tls"] & object = {},
): ConnectOptions {
  const caCerts = [certificates().authority.cert];
  return { hostname: "localhost", port, tls: { caCerts, ...options } };
}

async function echo(reader: StreamReader, writer: StreamWriter): Promise<void> {
  for await (const line of reader) {
    writer.write(line);
    await writer.drain();
  }
  writer.close();
}

test("a connection over TLS talks both ways, and its end is no cut", async () => {
  await using server = await startServer(async (reader, writer) => {
    writer.write(await reader.readLine());
    writer.write("goodbye");
    writer.close();
  }, serving());
  const { reader, writer } = await openConnection(trusting(portOf(server)));
  writer.write("hello\n");
  assertEquals(text(await reader.read()), "hello\ngoodbye");
  writer.close();
  await writer.waitClosed();
});

test("much data over TLS arrives whole, also when the writer is closed at once", async () => {
  const much = "0123456789".repeat(300_000);
  await using server = await startServer((_reader, writer) => {
    writer.write(much);
    writer.close();
  }, serving());
  const { reader, writer } = await openConnection(trusting(portOf(server)));
  assertEquals(text(await reader.read()) === much, true);
  writer.close();
});

test("one direction of TLS cannot be closed alone", async () => {
  await using server = await startServer(echo, serving());
  const { writer } = await openConnection(trusting(portOf(server)));
  assertEquals(writer.canWriteEof, false);
  assertThrows(() => writer.writeEof(), Error, "one direction");
  writer.abort();
});

test("a certificate that is not trusted rejects, with a clear error, and leaves nothing open", async () => {
  const before = openDescriptors();
  const server = await startServer(echo, serving());
  const port = portOf(server);
  const error = await assertRejects(
    () => openConnection({ hostname: "localhost", port, tls: true }),
    Deno.errors.InvalidData,
    `the TLS handshake with localhost:${port} failed: invalid peer certificate: UnknownIssuer`,
  );
  assert(error.cause instanceof Deno.errors.InvalidData);
  await server.shutdown();
  await closedAgain(before);
});

test("a certificate for another name rejects", async () => {
  await using server = await startServer(echo, serving());
  await assertRejects(
    () => openConnection({ ...trusting(portOf(server)), ...LOOPBACK }),
    Deno.errors.InvalidData,
    "not valid for name",
  );
});

test("serverName is the name that the certificate has to be for", async () => {
  await using server = await startServer(echo, serving());
  const options = trusting(portOf(server), { serverName: "localhost" });
  const { writer } = await openConnection({ ...options, ...LOOPBACK });
  writer.abort();
});

test("ALPN agrees on a protocol, and getExtraInfo tells which", async () => {
  const agreed: unknown[] = [];
  await using server = await startServer((_reader, writer) => {
    agreed.push(writer.getExtraInfo("tls"));
    writer.close();
  }, serving({ alpnProtocols: ["two", "three"] }));
  const { reader, writer } = await openConnection(
    trusting(portOf(server), { alpnProtocols: ["one", "two"] }),
  );
  await reader.read();
  agreed.push(writer.getExtraInfo("tls"));
  assertEquals(agreed, [{ alpnProtocol: "two" }, { alpnProtocol: "two" }]);
  writer.close();
});

test("a client that talks no TLS is none, and the server goes on", async () => {
  let clients = 0;
  const before = openDescriptors();
  const server = await startServer((_reader, writer) => {
    clients++;
    writer.close();
  }, serving());
  const port = portOf(server);
  const plain = await openConnection({ ...LOOPBACK, port });
  plain.writer.write("GET / HTTP/1.1\r\n\r\n");
  await plain.reader.read().catch(() => {});
  plain.writer.abort();
  const silent = await openConnection({ ...LOOPBACK, port });
  silent.writer.abort();
  const { reader, writer } = await openConnection(trusting(port));
  await reader.read();
  writer.close();
  assertEquals(clients, 1);
  await server.shutdown();
  await closedAgain(before);
});

test("a client in its handshake does not hold up the others, nor the end of the server", async () => {
  const server = await startServer(echo, serving());
  const port = portOf(server);
  const silent = await openConnection({ ...LOOPBACK, port });
  const { reader, writer } = await openConnection(trusting(port));
  writer.write("hello\n");
  assertEquals(text(await reader.readLine()), "hello\n");
  writer.close();
  await server.shutdown();
  silent.writer.abort();
});

test("a client in its handshake counts for maxConnections", async () => {
  await using server = await startServer(echo, {
    ...serving(),
    maxConnections: 1,
  });
  const port = portOf(server);
  const silent = await openConnection({ ...LOOPBACK, port });
  await turns(20);
  const second = createTask(() => openConnection(trusting(port)));
  await turns(20);
  assertEquals(server.connections, 0);
  silent.writer.abort();
  (await second).writer.abort();
});

test("a client that goes without a goodbye may have been cut off: an error", async () => {
  const errors: string[] = [];
  await using server = await startServer(async (reader, writer) => {
    writer.write(await reader.readLine());
    await reader.read().catch((error) => errors.push(error.name));
  }, serving());
  await using gate = new Gate(portOf(server));
  const { reader, writer } = await openConnection(trusting(gate.port));
  writer.write("hello\n");
  await reader.readLine();
  gate.cut();
  await until(() => errors.length === 1);
  assertEquals(errors, ["UnexpectedEof"]);
  await assertRejects(() => reader.read(), Deno.errors.UnexpectedEof);
});

// Given up in the handshake

/** A server that takes connections and says nothing. */
class Silent implements Disposable {
  readonly #listener = Deno.listen({ ...LOOPBACK, port: 0 });
  readonly conns: Deno.Conn[] = [];
  readonly port = (this.#listener.addr as Deno.NetAddr).port;
  readonly #accepting = (async () => {
    for await (const conn of this.#listener) this.conns.push(conn);
  })();

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.conns) conn.close();
  }
}

for (const giveUp of ["cancel", "abort"] as const) {
  test(`a handshake given up by ${giveUp} ends at once, and the socket is freed when the peer goes`, async () => {
    certificates();
    await turns();
    const before = openDescriptors();
    {
      using silent = new Silent();
      const attempt = new Attempt((options) =>
        openConnection({ ...trusting(silent.port), ...options })
      );
      await until(() => silent.conns.length === 1);
      await turns();
      attempt[giveUp]();
      await attempt.task;
      assertEquals(
        attempt.outcome,
        giveUp === "cancel" ? "cancelled" : "Aborted",
      );
      await turns();
    }
    await closedAgain(before);
  });
}

test("a handshake given up is over when the peer answers late", async () => {
  await using server = await startServer(echo, serving());
  await using gate = new Gate(portOf(server));
  await turns();
  const before = openDescriptors();
  gate.hold();
  await assertRejects(
    () => timeout(20, () => openConnection(trusting(gate.port))),
    TimeoutError,
  );
  gate.release();
  await closedAgain(before);
});

test("a handshake under way at the end of the run is given up", async () => {
  using silent = new Silent();
  await run(() => {
    createTask(() => openConnection(trusting(silent.port)));
    return until(() => silent.conns.length === 1);
  });
});

// startTls

/** A client that has asked a server in plain text to go on with TLS. */
async function askedForTls(gate: Gate): Promise<Streams> {
  const streams = await openConnection({ ...LOOPBACK, port: gate.port });
  streams.writer.write("STARTTLS\n");
  await streams.reader.readLine();
  return streams;
}

const tlsOptions = () => ({
  caCerts: [certificates().authority.cert],
  serverName: "localhost",
});

test("startTls encrypts a connection, and its reader and writer go on", async () => {
  await using server = await startServer(
    echo,
    serving({ alpnProtocols: ["echo"] }),
  );
  await using gate = new Gate(portOf(server), "go ahead\n");
  const { reader, writer } = await askedForTls(gate);
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

test("startTls sends what is unsent before", async () => {
  await using server = await startServer(echo, serving());
  await using gate = new Gate(portOf(server), "");
  const { reader, writer } = await openConnection({
    ...LOOPBACK,
    port: gate.port,
  });
  writer.write("STARTTLS\n"); // plain, and not yet sent
  await writer.startTls(tlsOptions());
  writer.write("hello\n");
  assertEquals(text(await reader.readLine()), "hello\n");
  writer.close();
});

test("what is written and read during startTls goes through TLS", async () => {
  await using server = await startServer(echo, serving());
  await using gate = new Gate(portOf(server), "go ahead\n");
  const { reader, writer } = await askedForTls(gate);
  const starting = writer.startTls(tlsOptions());
  await turns(1);
  writer.write("hello\n");
  const reading = reader.readLine();
  await starting;
  assertEquals(text(await reading), "hello\n");
  writer.close();
});

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

test("startTls twice, after close, on a server's side or with half a certificate is an error", async () => {
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
    TypeError,
    "openConnection",
  );
  open.writer.close();
  await assertRejects(() => open.writer.startTls(), Error, "closed");
});

test("startTls with a certificate that is not trusted rejects, and the connection is lost", async () => {
  const before = openDescriptors();
  const server = await startServer(echo, serving());
  const gate = new Gate(portOf(server), "go ahead\n");
  const { reader, writer } = await askedForTls(gate);
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

for (const giveUp of ["cancel", "abort", "writer.abort"] as const) {
  test(`startTls given up in the handshake by ${giveUp} ends at once, and the connection is lost`, async () => {
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
