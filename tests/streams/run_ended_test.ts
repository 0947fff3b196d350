/** What code opens that its run has left behind. @module */
import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  openConnection,
  openDatagram,
  serve,
  startServer,
  startUnixServer,
} from "@asyncio/asyncio/streams";
import {
  createConnection,
  createDatagramEndpoint,
  createServer,
  DatagramProtocol,
  Protocol,
} from "@asyncio/asyncio/streams/transports";
import { InvalidStateError, run } from "@asyncio/asyncio/tasks";
import { LOOPBACK } from "../_helpers/loopback.ts";
import { Folder } from "../_helpers/folder.ts";

/** Calls `open` in code that a run has left behind, when the run has ended. */
async function openedLate(open: () => Promise<unknown>): Promise<unknown> {
  const ended = Promise.withResolvers<void>();
  const left: Promise<unknown>[] = [];
  await run(() => {
    left.push(ended.promise.then(open));
  });
  ended.resolve();
  return await left[0]!.catch((error) => error);
}

/** The resource sanitizer sees what is left open. */
async function assertRefused(
  open: () => Promise<unknown>,
  message: string,
): Promise<void> {
  const error = await openedLate(open);

  assertInstanceOf(error, InvalidStateError);
  assertEquals(error.message, message);
}

Deno.test("a run that has ended: no server is started", async () => {
  const handler = () => {};
  await using folder = new Folder();
  const path = folder.file("socket");
  const message = "Cannot start a server: its run has ended";

  await assertRefused(() => startServer(handler, { ...LOOPBACK }), message);
  await assertRefused(() => startUnixServer(handler, { path }), message);
  await assertRefused(
    () => createServer(() => new Protocol(), { ...LOOPBACK }),
    message,
  );
  await assertRefused(
    () => serve(() => new Response(), { ...LOOPBACK }),
    message,
  );
});

Deno.test("a run that has ended: no connection is opened", async () => {
  await using server = await startServer(() => {}, { ...LOOPBACK });
  const { port } = server.addresses[0] as Deno.NetAddr;

  await assertRefused(
    () => openConnection({ port }),
    "Cannot connect: its run has ended",
  );
  await assertRefused(
    () => createConnection(() => new Protocol(), { port }),
    "Cannot open a transport: its run has ended",
  );
});

Deno.test("a run that has ended: no protocol is made", async () => {
  await using server = await startServer(() => {}, { ...LOOPBACK });
  const { port } = server.addresses[0] as Deno.NetAddr;
  const calls: string[] = [];
  const factory = () => {
    calls.push("made");
    return new DatagramProtocol();
  };
  const message = "Cannot open a transport: its run has ended";

  await assertRefused(
    () => createConnection(factory as never, { port }),
    message,
  );
  await assertRefused(
    () => createDatagramEndpoint(factory, { ...LOOPBACK }),
    message,
  );
  assertEquals(calls, []);
});

Deno.test("a run that has ended: no datagram endpoint is opened", async () => {
  await assertRefused(
    () => openDatagram({ ...LOOPBACK }),
    "Cannot open a datagram endpoint: its run has ended",
  );
});
