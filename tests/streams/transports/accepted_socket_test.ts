import { assert, assertEquals, assertRejects } from "@std/assert";
import { connectAcceptedSocket } from "@asyncio/asyncio/streams/transports";
import { openConnection } from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  run,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { certificates } from "../_certificates.ts";
import { closedAgain, openDescriptors, text } from "../_sockets.ts";
import { Recorder } from "./_recorder.ts";

const LOOPBACK = { hostname: "127.0.0.1" };
const { server: { cert, key }, authority } = certificates();

function listen() {
  const listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  return { listener, port };
}

Deno.test("a connection that was accepted elsewhere gets a transport and a protocol", async () => {
  const { listener, port } = listen();
  const [{ reader, writer }, conn] = await Promise.all([
    openConnection({ port }),
    listener.accept(),
  ]);
  const { protocol, transport } = await connectAcceptedSocket(
    () => new Recorder(),
    conn,
  );
  assertEquals(protocol.events, ["made"]);
  writer.write("hello");
  await protocol.got("hello");
  transport.write("there");
  transport.close();
  assertEquals(text(await reader.read()), "there");
  await protocol.lost();
  writer.close();
  listener.close();
});

Deno.test("with tls after the handshake, on a plain connection and on one of the runtime's", async () => {
  const tls = { caCerts: [authority.cert], serverName: "localhost" };
  for (const isPlain of [true, false]) {
    const listener = isPlain
      ? Deno.listen({ ...LOOPBACK, port: 0 })
      : Deno.listenTls({ ...LOOPBACK, port: 0, cert, key });
    const { port } = listener.addr as Deno.NetAddr;
    const accepting = (async () =>
      await connectAcceptedSocket(
        () => new Recorder(),
        await listener.accept(),
        isPlain ? { tls: { cert, key } } : {},
      ))();
    const { reader, writer } = await openConnection({ port, tls });
    const { protocol, transport } = await accepting;
    assert(transport.getExtraInfo("tls") !== undefined);
    writer.write("secret");
    await protocol.got("secret");
    transport.close();
    assertEquals((await reader.read()).length, 0);
    writer.close();
    listener.close();
  }
});

Deno.test("a client that says nothing: the handshake ends at its limit or by a cancel, and closes", async () => {
  const before = openDescriptors();
  const { listener, port } = listen();
  const factory = () => new Recorder();
  for (const giveUp of ["limit", "cancel"] as const) {
    using client = await Deno.connect({ ...LOOPBACK, port });
    const conn = await listener.accept();
    const task = createTask(() =>
      connectAcceptedSocket(factory, conn, {
        tls: { cert, key },
        handshakeTimeout: giveUp === "limit" ? 10 : 60_000,
      }), { eager: true });
    if (giveUp === "cancel") task.cancel();
    await assertRejects(
      async () => await task,
      giveUp === "limit" ? TimeoutError : CancelledError,
    );
    assertEquals(await client.read(new Uint8Array(1)), null);
  }
  listener.close();
  await closedAgain(before);
});

Deno.test("it ends with its run", async () => {
  const { listener, port } = listen();
  using client = await Deno.connect({ ...LOOPBACK, port });
  const protocol = await run(async () => {
    const conn = await listener.accept();
    return (await connectAcceptedSocket(() => new Recorder(), conn)).protocol;
  });
  assertEquals(protocol.events, ["made", "lost None"]);
  assertEquals(await client.read(new Uint8Array(1)), null);
  listener.close();
});

Deno.test("what is no connection, or half a certificate, is refused", async () => {
  await assertRejects(
    () => connectAcceptedSocket(() => new Recorder(), {} as Deno.Conn),
    TypeError,
    "expected a Deno.Conn",
  );
  const { listener, port } = listen();
  using _client = await Deno.connect({ ...LOOPBACK, port });
  using conn = await listener.accept();
  await assertRejects(
    () =>
      connectAcceptedSocket(() => new Recorder(), conn, {
        tls: { cert } as never,
      }),
    TypeError,
    "`cert` and `key`",
  );
  listener.close();
});
