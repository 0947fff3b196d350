/** What is given in place of options, or of a stream. @module */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  subprocessExec,
  SubprocessProtocol,
  subprocessShell,
} from "@asyncio/asyncio/process/transports";
import {
  getaddrinfo,
  getnameinfo,
  LimitOverrunError,
  openConnection,
  openDatagram,
  openUnixConnection,
  serve,
  startServer,
  startUnixServer,
  StreamReader,
  StreamWriter,
} from "@asyncio/asyncio/streams";
import {
  connectAcceptedSocket,
  connectReadPipe,
  connectWritePipe,
  createConnection,
  createDatagramEndpoint,
  createServer,
  createUnixConnection,
  createUnixServer,
  DatagramProtocol,
  Protocol,
} from "@asyncio/asyncio/streams/transports";
import { Future } from "@asyncio/asyncio/tasks";
import { Folder } from "../_helpers/folder.ts";

const LOOPBACK = { hostname: "127.0.0.1" };
const protocol = () => new Protocol();
const program = () => new SubprocessProtocol();

/** What takes options, with what it is to be called with. */
const CALLS: Record<string, (options: never) => Promise<unknown>> = {
  openConnection: (it) => openConnection(it),
  openUnixConnection: (it) => openUnixConnection("/none", it),
  createUnixConnection: (it) => createUnixConnection(protocol, "/none", it),
  // deno-lint-ignore require-await -- rejects with what it throws
  StreamReader: async (it) => new StreamReader(it),
  // deno-lint-ignore require-await
  "StreamReader.from": async (it) =>
    StreamReader.from(new ReadableStream(), it),
  "Server.shutdown": async (it) => {
    await using server = await startServer(() => {}, LOOPBACK);
    await server.shutdown(it);
  },
  "HttpServer.shutdown": async (it) => {
    await using server = await serve(() => new Response(), LOOPBACK);
    await server.shutdown(it);
  },
  startServer: (it) => startServer(() => {}, it),
  startUnixServer: (it) => startUnixServer(() => {}, it),
  serve: (it) => serve(() => new Response(), it),
  openDatagram: (it) => openDatagram(it),
  getaddrinfo: (it) => getaddrinfo("localhost", 80, it),
  getnameinfo: (it) => getnameinfo({ hostname: "127.0.0.1", port: 80 }, it),
  createConnection: (it) => createConnection(protocol, it),
  createServer: (it) => createServer(protocol, it),
  createUnixServer: (it) => createUnixServer(protocol, it),
  connectAcceptedSocket: (it) =>
    connectAcceptedSocket(
      protocol,
      { read() {}, write() {} } as unknown as Deno.Conn,
      it,
    ),
  pipeTo: (it) => {
    const { readable, writable } = new TransformStream<
      Uint8Array,
      Uint8Array
    >();
    return StreamReader.from(readable).pipeTo(StreamWriter.from(writable), it);
  },
  createDatagramEndpoint: (it) =>
    createDatagramEndpoint(() => new DatagramProtocol(), it),
  subprocessExec: (it) => subprocessExec(program, "true", [], it),
  subprocessShell: (it) => subprocessShell(program, "true", it),
};

for (const [name, call] of Object.entries(CALLS)) {
  Deno.test(`${name}: options that are no object are refused`, async () => {
    for (const options of [null, 5, "127.0.0.1", true]) {
      await assertRejects(
        () => call(options as never),
        TypeError,
        `options are an object, received ${JSON.stringify(options)}`,
      );
    }
  });
}

Deno.test("connectReadPipe and connectWritePipe take Web Streams alone", async () => {
  for (const stream of [undefined, null, 5, {}]) {
    await assertRejects(
      () => connectReadPipe(protocol, stream as never),
      TypeError,
      "Cannot read: expected a ReadableStream, received",
    );
    await assertRejects(
      () => connectWritePipe(protocol, stream as never),
      TypeError,
      "Cannot write: expected a WritableStream, received",
    );
  }
});

Deno.test("StreamReader.from and StreamWriter.from take Web Streams alone", () => {
  for (const stream of [undefined, null, 5, {}]) {
    assertThrows(
      () => StreamReader.from(stream as never),
      TypeError,
      "Cannot read: expected a ReadableStream, received",
    );
    assertThrows(
      () => StreamWriter.from(stream as never),
      TypeError,
      "Cannot write: expected a WritableStream, received",
    );
  }
});

/** A test: `call` rejects with `kind` before anything is opened. */
function refuses(
  call: string,
  options: object,
  message: string,
  kind: typeof TypeError | typeof RangeError = TypeError,
): void {
  Deno.test(`${call} refuses ${JSON.stringify(options)}: ${message}`, async () => {
    await assertRejects(() => CALLS[call]!(options as never), kind, message);
  });
}

for (const flag of ["noDelay", "keepAlive"]) {
  const message = `Cannot connect: ${flag} is a boolean, received "no"`;
  refuses("openConnection", { port: 1, [flag]: "no" }, message);
}
for (const flag of ["noDelay", "keepAlive", "reusePort"]) {
  const message = `Cannot start a server: ${flag} is a boolean, received 1`;
  refuses("startServer", { [flag]: 1 }, message);
  refuses("createServer", { [flag]: 1 }, message);
}
for (const flag of ["broadcast", "reusePort"]) {
  const message = `Cannot open a socket: ${flag} is a boolean, received null`;
  refuses("openDatagram", { [flag]: null }, message);
}
for (
  const [options, message] of [
    [{ loopback: "no" }, "loopback is a boolean, received"],
    [{ interface: 5 }, "multicast.interface is an address or a name, received"],
    [{ source: "" }, "multicast.source is an address or a name, received"],
  ] as const
) {
  const multicast = { group: "239.1.2.3", ...options };
  refuses("openDatagram", { multicast }, message);
}
refuses(
  "connectAcceptedSocket",
  { handshakeTimeout: 5 },
  "Cannot connect: handshakeTimeout takes tls, received none",
);
refuses(
  "pipeTo",
  { preventClose: "no" },
  'Cannot pipe: preventClose is a boolean, received "no"',
);

for (const backlog of [-1, 1.5, "9", null]) {
  const message =
    "Cannot start a server: backlog is a number of clients of 0 or more, received";
  refuses("startServer", { backlog }, message, RangeError);
}
for (const hostname of [5, null, {}]) {
  const message =
    "Cannot use an address: hostname is an address or a name, received";
  refuses("openConnection", { port: 1, hostname }, message);
  refuses("startServer", { hostname }, message);
  refuses("serve", { hostname }, message);
  refuses("openDatagram", { hostname }, message);
}
refuses(
  "openConnection",
  { port: 1, hostname: "" },
  'Cannot use an address: hostname is an address or a name, received ""',
);
for (
  const option of [
    { hostname: "127.0.0.1" },
    { localAddress: "127.0.0.1" },
    { family: 4 },
  ]
) {
  const message = `Cannot connect: it takes a path or ${
    Object.keys(option)[0]
  }, received both`;
  refuses("openConnection", { path: "/tmp/none", ...option }, message);
}
for (
  const [call, action] of [
    ["startServer", "start a server"],
    ["serve", "serve"],
  ] as const
) {
  const message =
    `Cannot ${action}: it takes a hostname or a path, received both`;
  refuses(call, { path: "/tmp/none", hostname: "127.0.0.1" }, message);
}
refuses(
  "serve",
  { port: null },
  "Cannot use an address: a port is a number from 0 to 65535, received null",
  RangeError,
);

Deno.test("options may be inherited, as those of an instance of a class", async () => {
  class Options {
    get limit(): number {
      return 4;
    }
    get stdin(): "null" {
      return "null";
    }
    get env(): Record<string, string> {
      return { NAME: "ada" };
    }
  }
  await using folder = new Folder();
  const path = folder.socket;
  await using _server = await startUnixServer((_reader, writer) => {
    writer.write("too long\n");
    writer.close();
  }, { path });
  await using client = await openUnixConnection(path, new Options());
  await assertRejects(() => client.reader.readLine(), LimitOverrunError);

  class Printed extends SubprocessProtocol {
    output = "";
    readonly ended = new Future<void>();
    override pipeDataReceived(_fd: number, data: Uint8Array): void {
      this.output += new TextDecoder().decode(data);
    }
    override connectionLost(): void {
      this.ended.setResult();
    }
  }
  const { protocol } = await subprocessShell(
    () => new Printed(),
    'cat; echo "$NAME"', // its input is at its end at once
    new Options(),
  );
  await protocol.ended;
  assertEquals(protocol.output, "ada\n");
});
