import { assert, assertEquals, assertRejects } from "@std/assert";
import net from "node:net";
import { openConnection, startServer } from "@asyncio/asyncio/streams";
import { createTask, run, timeout, TimeoutError } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
import { certificates } from "./_certificates.ts";
import { Gate } from "./_gate.ts";
import { closedAgain, openDescriptors, portOf } from "./_sockets.ts";
import { until } from "../_helpers/until.ts";
import { serving, test, trusting } from "./_tls.ts";
import { echo, LOOPBACK } from "../_helpers/loopback.ts";
import { Silent } from "./_silent.ts";

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

test("a handshake given up as it succeeds is closed once", async () => {
  await using server = await startServer(echo, serving());
  await turns();
  const before = openDescriptors();
  const { startTls } = Deno;
  const over = Promise.withResolvers<void>();
  const mayTell = Promise.withResolvers<void>();
  Deno.startTls = async (conn, options) => {
    const encrypted = await startTls(conn, options);
    const { handshake } = encrypted;
    encrypted.handshake = async () => {
      const facts = await handshake.call(encrypted);
      over.resolve();
      await mayTell.promise;
      return facts;
    };
    return encrypted;
  };
  const attempt = new Attempt((options) =>
    openConnection({ ...trusting(portOf(server)), ...options })
  );
  await over.promise.finally(() => Deno.startTls = startTls);
  attempt.abort();
  await turns();
  mayTell.resolve();
  await turns(); // a second close would be an unhandled rejection
  assertEquals(attempt.outcome, "Aborted");
  await closedAgain(before);
});

test("a handshake under way at the end of the run is given up", async () => {
  using silent = new Silent();
  await run(() => {
    createTask(() => openConnection(trusting(silent.port)));
    return until(() => silent.conns.length === 1);
  });
});

for (let moment = 0; moment < 5; moment++) {
  test(`a client taken when the server closes is not left open, ${moment} steps after it was accepted`, async () => {
    const { listenTls } = Deno;
    const accepted = Promise.withResolvers<void>();
    Deno.listenTls = (options) => {
      const listener = listenTls(options);
      const { accept } = listener;
      listener.accept = () => {
        const client = accept.call(listener);
        client.then(() => accepted.resolve(), () => {});
        return client;
      };
      return listener;
    };
    const server = await startServer(echo, serving())
      .finally(() => Deno.listenTls = listenTls);
    const closing = accepted.promise.then(async () => {
      for (let step = 0; step < moment; step++) await undefined;
      server.close();
    });
    const client = await Deno.connect({ ...LOOPBACK, port: portOf(server) });
    await closing;
    await server.waitClosed(); // what is left open, the sanitizer finds
    client.close();
  });
}

test("a server that does not answer the handshake is given up after handshakeTimeout", async () => {
  using silent = new Silent();
  const error = await assertRejects(
    () => openConnection({ ...trusting(silent.port), handshakeTimeout: 30 }),
    TimeoutError,
  );
  assertEquals(
    error.message,
    `the TLS handshake with localhost:${silent.port} took longer than 30 ms`,
  );
});

test("a client that does not begin the handshake is dropped after handshakeTimeout", async () => {
  const server = await startServer(echo, {
    ...serving(),
    handshakeTimeout: 30,
  });
  using silent = await Deno.connect({ ...LOOPBACK, port: portOf(server) });
  await new Promise((resolve) => setTimeout(resolve, 100));
  // Its late hello is not answered.
  await silent.write(new Uint8Array([0x16, 3, 1, 0, 1]));
  await server.shutdown();
});

test("a handshake within handshakeTimeout is served", async () => {
  await using server = await startServer(echo, {
    ...serving(),
    handshakeTimeout: 10_000,
  });
  const { reader, writer } = await openConnection({
    ...trusting(portOf(server)),
    handshakeTimeout: 10_000,
  });
  writer.write("hello\n");
  assertEquals(new TextDecoder().decode(await reader.readLine()), "hello\n");
  writer.close();
});

test("a handshakeTimeout that is none is a RangeError, and one without TLS a TypeError", async () => {
  const { tls } = serving();
  for (const handshakeTimeout of [0, -1, NaN]) {
    await assertRejects(
      () => openConnection({ port: 1, tls: true, handshakeTimeout }),
      RangeError,
    );
    await assertRejects(
      () => startServer(echo, { tls, handshakeTimeout }),
      RangeError,
    );
  }
  await assertRejects(
    () => openConnection({ port: 1, handshakeTimeout: 1 }),
    TypeError,
  );
  await assertRejects(
    () => startServer(echo, { handshakeTimeout: 1 }),
    TypeError,
  );
});

test("a handshake that is reset says so, whenever that comes", async () => {
  const resets = [
    (socket: net.Socket) => socket.resetAndDestroy(),
    (socket: net.Socket) =>
      void setTimeout(() => socket.resetAndDestroy(), Math.random()),
    (socket: net.Socket) =>
      void socket.once("data", () => socket.resetAndDestroy()),
  ];
  let next = 0;
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    resets[next++ % resets.length]!(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  for (let i = 0; i < 60; i++) {
    const error = await assertRejects(() => openConnection(trusting(port)));
    assert(
      error instanceof Deno.errors.ConnectionReset ||
        error instanceof Deno.errors.UnexpectedEof,
      String(error),
    );
  }
  await new Promise((resolve) => server.close(resolve));
});
