import { assertEquals } from "@std/assert";
import {
  type ConnectOptions,
  openConnection,
  type ServeOptions,
  startServer,
} from "@asyncio/asyncio/streams";
import { Attempt } from "../../_helpers/attempt.ts";
import { Folder } from "../../_helpers/folder.ts";
import { turns } from "../../_helpers/turns.ts";
import { Gate } from "../_gate.ts";
import { portOf } from "../_sockets.ts";
import { serving, test, trusting } from "../_tls.ts";

/** Options by which `node:tls` encrypts at the client. */
const BY_NODE = { peerCertificate: true };

/** Resolves to what a server gets of a client that sends so much and closes. */
async function received(
  size: number,
  options: ServeOptions,
  connecting: (port: number) => ConnectOptions,
): Promise<number> {
  const read = Promise.withResolvers<number>();
  await using server = await startServer(async (reader, writer) => {
    read.resolve(reader.read().then((bytes) => bytes.length));
    await read.promise.catch(() => {}); // the test reports it
    writer.close();
  }, options);
  const port = "path" in options ? 0 : portOf(server);
  const { writer } = await openConnection(connecting(port));
  writer.write(new Uint8Array(size));
  writer.close();
  await writer.waitClosed();
  return await read.promise;
}

for (const size of [0, 3_000_000]) {
  test(`a client by node:tls that closes at once is no reset, with ${size} bytes`, async () => {
    const connecting = (port: number) => trusting(port, BY_NODE);
    assertEquals(await received(size, serving(), connecting), size);
  });

  test(`a client over TLS on a Unix socket that closes at once is no reset, with ${size} bytes`, async () => {
    await using folder = new Folder();
    const path = folder.file("tls.sock");
    const { tls } = serving();
    const connecting = () => ({
      path,
      tls: trusting(0, { serverName: "localhost" }).tls,
    });
    const options = { path, tls } as ServeOptions;
    assertEquals(await received(size, options, connecting), size);
  });
}

for (const end of ["the server has answered", "it is aborted"] as const) {
  test(`a client by node:tls whose handshake is on its way to the server is closed when ${end}`, async () => {
    await using server = await startServer(async (reader, writer) => {
      await reader.read();
      writer.close();
    }, serving());
    await using gate = new Gate(portOf(server));
    gate.holdFrom(2);
    const { writer } = await openConnection(trusting(gate.port, BY_NODE));
    writer.write("hello");
    writer.close();
    const closing = new Attempt((options) => writer.waitClosed(options));
    await turns(10);
    assertEquals(closing.outcome, "pending");
    if (end === "it is aborted") writer.abort();
    else gate.release();
    await closing.task;
    assertEquals(closing.outcome, "value");
  });
}
