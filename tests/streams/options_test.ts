/** What is given in place of options, or of a stream. @module */
import { assertRejects } from "@std/assert";
import {
  subprocessExec,
  SubprocessProtocol,
  subprocessShell,
} from "@asyncio/asyncio/process/transports";
import {
  getaddrinfo,
  openConnection,
  openDatagram,
  startServer,
} from "@asyncio/asyncio/streams";
import {
  connectReadPipe,
  connectWritePipe,
  createConnection,
  createDatagramEndpoint,
  createServer,
  DatagramProtocol,
  Protocol,
} from "@asyncio/asyncio/streams/transports";

const protocol = () => new Protocol();
const program = () => new SubprocessProtocol();

/** What takes options, with what it is to be called with. */
const CALLS: Record<string, (options: never) => Promise<unknown>> = {
  openConnection: (it) => openConnection(it),
  startServer: (it) => startServer(() => {}, it),
  openDatagram: (it) => openDatagram(it),
  getaddrinfo: (it) => getaddrinfo("localhost", 80, it),
  createConnection: (it) => createConnection(protocol, it),
  createServer: (it) => createServer(protocol, it),
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
      "Cannot connect: expected a ReadableStream, received",
    );
    await assertRejects(
      () => connectWritePipe(protocol, stream as never),
      TypeError,
      "Cannot connect: expected a WritableStream, received",
    );
  }
});
