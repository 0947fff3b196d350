import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BufferedProtocol,
  createConnection,
  createServer,
  createUnixConnection,
  createUnixServer,
  startTls,
  type Transport,
} from "@asyncio/asyncio/streams/transports";
import { openConnection } from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  run,
  sleep,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { certificates } from "../_certificates.ts";
import { outputOf, ServerProgram, testWith } from "../_programs.ts";
import { closedAgain, openDescriptors, portOf, text } from "../_sockets.ts";
import { RecordedPair, Recorder } from "./_recorder.ts";
import { Folder } from "../../_helpers/folder.ts";

const LOOPBACK = { hostname: "127.0.0.1" };
const { server: { cert, key, certPath, keyPath }, authority } = certificates();
const CLIENT = { caCerts: [authority.cert], serverName: "localhost" };
const SERVER = { cert, key, serverSide: true };

/** Encrypts both ends. */
async function encrypt(pair: RecordedPair): Promise<[Transport, Transport]> {
  const { client, peer, transport } = pair;
  return await Promise.all([
    startTls(transport, client, CLIENT),
    startTls(peer.transport, peer, SERVER),
  ]);
}

// From the start

Deno.test("an encrypted connection from the start: data, and the end of both directions", async () => {
  const peer = new Recorder();
  await using server = await createServer(() => peer, {
    ...LOOPBACK,
    tls: { cert, key },
  });
  const { protocol, transport } = await createConnection(
    () => new Recorder(),
    { ...LOOPBACK, port: portOf(server), tls: CLIENT },
  );
  assertEquals(protocol.events, ["made"]);
  assert(!transport.canWriteEof);
  transport.write("hello");
  await peer.got("hello");
  peer.keepsOpen = true; // has no effect
  transport.close();
  await protocol.lost();
  await peer.lost();
  assertEquals(peer.events, ["made", "data hello", "eof", "lost None"]);
  assertEquals(protocol.events, ["made", "lost None"]);
  assert(transport.getExtraInfo("tls") !== undefined);
});

Deno.test("writeEof of an encrypted connection is an error that says so", async () => {
  const peer = new Recorder();
  await using server = await createServer(() => peer, {
    ...LOOPBACK,
    tls: { cert, key },
  });
  const { protocol, transport } = await createConnection(
    () => new Recorder(),
    { ...LOOPBACK, port: portOf(server), tls: CLIENT },
  );
  let message = "";
  try {
    transport.writeEof();
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(
    message,
    "Cannot end one direction: an encrypted connection ends in both",
  );
  transport.abort();
  await protocol.lost();
});

Deno.test("a certificate that is not trusted rejects, and makes no protocol", async () => {
  await using server = await createServer(() => new Recorder(), {
    ...LOOPBACK,
    tls: { cert, key },
  });
  let made = 0;
  await assertRejects(
    () =>
      createConnection(() => {
        made++;
        return new Recorder();
      }, { ...LOOPBACK, port: portOf(server), tls: true }),
    Deno.errors.InvalidData,
  );
  assertEquals(made, 0);
});

testWith(
  ["python3"],
  "as in CPython: an encrypted connection that is cut off is an end",
  async () => {
    await using python = new ServerProgram("python3", [
      "-c",
      `
import socket, ssl, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
while True:
    c, _ = s.accept()
    t = context.wrap_socket(c, server_side=True)
    t.send(b"hi")
    socket.socket(fileno=t.detach()).close()
`,
      certPath,
      keyPath,
    ]);
    const port = Number(await python.firstLine);
    const theirs = await outputOf("python3", [
      "-c",
      `
import asyncio, json, ssl, sys
class Recorder(asyncio.Protocol):
    events = []
    def connection_made(self, transport):
        self.events.append("made")
    def data_received(self, data):
        self.events.append("data " + data.decode())
    def eof_received(self):
        self.events.append("eof")
    def connection_lost(self, error):
        self.events.append("lost " + str(error))
async def main():
    context = ssl.create_default_context(cafile=sys.argv[2])
    await asyncio.get_running_loop().create_connection(
        Recorder, "127.0.0.1", int(sys.argv[1]), ssl=context, server_hostname="localhost")
    while not Recorder.events[-1].startswith("lost"):
        await asyncio.sleep(0.001)
    print(json.dumps(Recorder.events))
asyncio.run(main())
`,
      String(port),
      authority.certPath,
    ]);
    const { protocol } = await createConnection(
      () => new Recorder(),
      { ...LOOPBACK, port, tls: CLIENT },
    );
    await protocol.lost();
    assertEquals(protocol.events, JSON.parse(theirs));
  },
);

// In the middle

Deno.test("startTls encrypts both ends in the middle, and connectionMade is not called again", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  transport.write("in plain");
  await peer.got("in plain");
  peer.note("|");
  const [ours, theirs] = await encrypt(pair);
  assert(ours.getExtraInfo("tls") !== undefined);
  ours.write("secret");
  await peer.got("secret");
  theirs.write("answer");
  await client.got("answer");
  ours.close();
  await client.lost();
  await peer.lost();
  assertEquals(client.events, ["made", "data answer", "lost None"]);
  assertEquals(peer.events, [
    "made",
    "data in plain",
    "|",
    "data secret",
    "eof",
    "lost None",
  ]);
});

Deno.test("much data goes through what was encrypted in the middle, with flow control", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer } = pair;
  const [ours] = await encrypt(pair);
  let received = 0;
  peer.dataReceived = (data) => received += data.length;
  peer.transport.pauseReading();
  for (let i = 0; i < 50; i++) ours.write(new Uint8Array(200_000));
  assertEquals(client.last, "pause");
  peer.transport.resumeReading();
  await until(() => received === 10_000_000);
  await until(() => client.last === "resume");
});

Deno.test("what is unsent goes in plain, and what is written in the handshake encrypted after it", async () => {
  const plain = 20_000_000;
  const second = new Recorder();
  /** Takes what is in plain, and not a byte of the handshake. */
  class Exact extends BufferedProtocol {
    received = 0;
    transport!: Transport;
    readonly #memory = new Uint8Array(65536);
    override connectionMade(transport: Transport): void {
      this.transport = transport;
      transport.pauseReading();
    }
    override getBuffer(): Uint8Array {
      return this.#memory.subarray(0, plain - this.received);
    }
    override bufferUpdated(count: number): void {
      this.received += count;
      if (this.received < plain) return;
      void startTls(this.transport, second, SERVER);
    }
  }
  const peer = new Exact();
  await using server = await createServer(() => peer, LOOPBACK);
  const { protocol, transport } = await createConnection(
    () => new Recorder(),
    { port: portOf(server) },
  );
  transport.write(new Uint8Array(plain));
  const starting = startTls(transport, protocol, CLIENT);
  await turns(3);
  assert(transport.getWriteBufferSize() > 0);
  peer.transport.resumeReading();
  await until(() => transport.getWriteBufferSize() === 0);
  transport.write("early");
  await starting;
  await second.got("early");
  transport.abort();
});

Deno.test("what has come in before startTls of the server is taken for the handshake", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  peer.transport.pauseReading();
  const starting = startTls(transport, client, CLIENT);
  await sleep(10); // the client's first words are there
  await startTls(peer.transport, peer, SERVER);
  await starting;
  transport.write("hello");
  await peer.got("hello");
});

Deno.test("another protocol can go on, also a buffered one", async () => {
  await using pair = await RecordedPair.open();
  const { peer, transport } = pair;
  const second = new Recorder();
  const [ours] = await Promise.all([
    startTls(transport, second, CLIENT),
    startTls(peer.transport, peer, SERVER),
  ]);
  assertEquals(ours.getProtocol(), second);
  peer.transport.write("for the second");
  await second.got("for the second");
});

Deno.test("over a Unix socket with a name for the certificate, without one it is refused", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  const peer = new Recorder();
  await using _server = await createUnixServer(() => peer, { path });
  const { protocol, transport } = await createUnixConnection(
    () => new Recorder(),
    path,
  );
  await until(() => peer.events.length > 0);
  await assertRejects(
    () => startTls(transport, protocol),
    TypeError,
    "serverName is the name",
  );
  await Promise.all([
    startTls(transport, protocol, CLIENT),
    startTls(peer.transport, peer, SERVER),
  ]);
  transport.write("hello");
  await peer.got("hello");
  transport.close();
  await protocol.lost();
});

Deno.test("a certificate that is not trusted loses the connection at both ends, with the error", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  const serverSide = assertRejects(() =>
    startTls(peer.transport, peer, SERVER)
  );
  const error = await assertRejects(
    () => startTls(transport, client, { serverName: "localhost" }),
    Deno.errors.InvalidData,
  );
  await serverSide;
  await until(() => client.error !== undefined && peer.error !== undefined);
  assertEquals(client.error, error);
});

Deno.test("a peer that says nothing: the handshake ends at its limit, or by a cancel", async () => {
  const before = openDescriptors();
  {
    await using pair = await RecordedPair.open();
    const { client, transport } = pair;
    const error = await assertRejects(
      () => startTls(transport, client, { ...CLIENT, handshakeTimeout: 10 }),
      TimeoutError,
    );
    await until(() => client.error === error);
  }
  {
    await using pair = await RecordedPair.open();
    const { client, peer, transport } = pair;
    const task = createTask(() => startTls(transport, client, CLIENT));
    await until(() => peer.last.startsWith("data"));
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    await until(() => client.error instanceof Error);
    assertEquals(
      (client.error as Error).message,
      "Cannot start TLS: the handshake was given up",
    );
  }
  await closedAgain(before);
});

Deno.test("a serverSide that is no boolean is refused", async () => {
  await using pair = await RecordedPair.open();
  const { client, transport } = pair;
  const options = { ...CLIENT, serverSide: "no" as never };
  await assertRejects(
    () => startTls(transport, client, options),
    TypeError,
    'Cannot start TLS: serverSide is a boolean, received "no"',
  );
});

Deno.test("given up while the unsent is sent, the connection is unharmed", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  peer.transport.pauseReading();
  transport.write(new Uint8Array(20_000_000));
  const task = createTask(() => startTls(transport, client, CLIENT), {
    eager: true,
  });
  await turns();
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  peer.transport.write("in plain");
  await client.got("in plain");
  assertEquals(transport.isReading, true);
});

Deno.test("given up in the moment in which everything is sent, the connection is unharmed", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  const task = createTask(() => startTls(transport, client, CLIENT), {
    eager: true,
  });
  task.cancel(); // nothing is unsent, so it waits no more
  await assertRejects(async () => await task, CancelledError);
  peer.transport.write("in plain");
  await client.got("in plain");
  assertEquals(transport.isReading, true);
});

Deno.test("close and abort in the handshake end it", async () => {
  for (const end of ["close", "abort"] as const) {
    await using pair = await RecordedPair.open();
    const { client, peer, transport } = pair;
    const starting = assertRejects(() => startTls(transport, client, CLIENT));
    await until(() => peer.last.startsWith("data"));
    transport[end]();
    await starting;
    await until(() => client.last === "lost None");
  }
});

Deno.test("TLS cannot be started twice, on a closed connection, or on what is no socket's transport", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  await encrypt(pair);
  await assertRejects(
    () => startTls(transport, client, CLIENT),
    Error,
    "Cannot start TLS: the connection is encrypted",
  );
  await assertRejects(
    () => startTls(peer.transport, peer, { serverSide: true }),
    TypeError,
    "takes both `cert` and `key`",
  );
  await assertRejects(
    () => startTls({} as Transport, client, CLIENT),
    TypeError,
    "received an instance of Object",
  );
  transport.abort();
  await assertRejects(() => startTls(transport, client, CLIENT), Error);
  await using second = await RecordedPair.open();
  second.transport.writeEof();
  await assertRejects(
    () => startTls(second.transport, second.client, CLIENT),
    Error,
    "writeEof was called before",
  );
});

testWith(
  ["python3"],
  "asyncio as the peer of startTls, on either side",
  async () => {
    await using python = new ServerProgram("python3", [
      "-c",
      `
import asyncio, ssl, sys
class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.encrypted = asyncio.Event()
    def data_received(self, data):
        if data == b"STARTTLS":
            self.transport.pause_reading()  # what comes next is the handshake
            self.transport.write(b"go ahead")
            asyncio.ensure_future(self.encrypt())
        else:
            asyncio.ensure_future(self.answer(data))
    async def answer(self, data):
        await self.encrypted.wait()  # or it would go to the old transport
        self.transport.write(b"python: " + data)
    async def encrypt(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        loop = asyncio.get_running_loop()
        self.transport = await loop.start_tls(self.transport, self, context, server_side=True)
        self.encrypted.set()
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
`,
      certPath,
      keyPath,
    ]);
    const port = Number(await python.firstLine);
    const { protocol, transport } = await createConnection(
      () => new Recorder(),
      { ...LOOPBACK, port },
    );
    transport.write("STARTTLS");
    await protocol.got("go ahead");
    protocol.note("|");
    const encrypted = await startTls(transport, protocol, CLIENT);
    encrypted.write("hello");
    await protocol.got("python: hello");
    encrypted.close();
    await protocol.lost();

    const peer = new Recorder();
    peer.dataReceived = (data) => {
      Recorder.prototype.dataReceived.call(peer, data);
      if (text(data) !== "STARTTLS") return peer.transport.write("deno: hello");
      peer.transport.write("go ahead");
      void startTls(peer.transport, peer, SERVER);
    };
    await using server = await createServer(() => peer, LOOPBACK);
    const printed = await outputOf("python3", [
      "-c",
      `
import asyncio, ssl, sys
class Client(asyncio.Protocol):
    def __init__(self):
        self.queue = asyncio.Queue()
    def data_received(self, data):
        self.queue.put_nowait(data)
async def main():
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(Client, "127.0.0.1", int(sys.argv[1]))
    transport.write(b"STARTTLS")
    print(await client.queue.get())
    context = ssl.create_default_context(cafile=sys.argv[2])
    transport = await loop.start_tls(transport, client, context, server_hostname="localhost")
    transport.write(b"hello")
    print(await client.queue.get())
    transport.close()
asyncio.run(main())
`,
      String(portOf(server)),
      authority.certPath,
    ]);
    assertEquals(printed, "b'go ahead'\nb'deno: hello'\n");
  },
);

Deno.test("a stream's client of an encrypted server of protocols", async () => {
  await run(async () => {
    const peer = new Recorder();
    const server = await createServer(() => peer, {
      ...LOOPBACK,
      tls: { cert, key },
    });
    const { reader, writer } = await openConnection({
      hostname: "localhost",
      port: portOf(server),
      tls: CLIENT,
    });
    writer.write("hello");
    await peer.got("hello");
    peer.transport.write("there");
    peer.transport.close();
    assertEquals(text(await reader.read()), "there");
    writer.close();
  });
});
