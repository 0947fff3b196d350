import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openConnection, startServer } from "@asyncio/asyncio/streams";
import { turns } from "../_helpers/turns.ts";
import { Gate } from "./_gate.ts";
import { closedAgain, openDescriptors, portOf, text } from "./_sockets.ts";
import { until } from "../_helpers/until.ts";
import { serving, test, trusting } from "./_tls.ts";
import { echo, LOOPBACK } from "../_helpers/loopback.ts";

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

test("after writer.close the reader of TLS is at its end", async () => {
  await using server = await startServer(echo, serving());
  const { reader, writer } = await openConnection(trusting(portOf(server)));
  writer.close();
  await writer.waitClosed();
  assertEquals(reader.atEof, true);
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

test("clients that say nothing take no room of maxConnections", async () => {
  await using server = await startServer(echo, {
    ...serving(),
    maxConnections: 2,
  });
  const port = portOf(server);
  const silent = await Promise.all(
    Array.from({ length: 5 }, () => openConnection({ ...LOOPBACK, port })),
  );
  await turns(20);
  await using client = await openConnection(trusting(port));
  client.writer.write("hello\n");
  assertEquals(text(await client.reader.readLine()), "hello\n");
  for (const { writer } of silent) writer.abort();
});

test("clients after their handshake wait for the room of maxConnections", async () => {
  let [most, served] = [0, 0];
  const server = await startServer(async (reader, writer) => {
    most = Math.max(most, server.connections);
    writer.write(await reader.readLine());
    served++;
    writer.close();
  }, { ...serving(), maxConnections: 2 });
  await Promise.all(Array.from({ length: 6 }, async () => {
    // Each goes on by itself: the server may be full before the last one comes.
    const { reader, writer } = await openConnection(trusting(portOf(server)));
    writer.write("hello\n");
    assertEquals(text(await reader.read()), "hello\n");
    writer.close();
  }));
  assertEquals([most, served], [2, 6]);
  await server.shutdown();
});

test("a client that ends without a close_notify may have been cut off: an error", async () => {
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
