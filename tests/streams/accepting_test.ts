import { assertEquals } from "@std/assert";
import net from "node:net";
import { openConnection, startServer } from "@asyncio/asyncio/streams";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { run } from "@asyncio/asyncio/tasks";
import { reportsOf } from "../_helpers/reports.ts";
import { portOf, text } from "./_sockets.ts";

const LOOPBACK = { hostname: "127.0.0.1" };

/** Connects, and resets the connection at once. */
function resetAtOnce(port: number): Promise<void> {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", resolve));
  socket.once("connect", () => socket.resetAndDestroy());
  return closed as Promise<void>;
}

Deno.test("clients that reset before they are accepted hold up no other, and are not reported", async () => {
  // The pause for descriptors would be one of this clock, which stands still.
  const reports = await reportsOf(() =>
    run(async () => {
      const server = await startServer((_reader, writer) => {
        writer.write("hello\n");
        writer.close();
      }, LOOPBACK);
      await Promise.all(
        Array.from({ length: 50 }, () => resetAtOnce(portOf(server))),
      );
      const { reader, writer } = await openConnection({ port: portOf(server) });
      assertEquals(text(await reader.read()), "hello\n");
      writer.close();
    }, { clock: new VirtualClock({ autoJump: false }) })
  );
  assertEquals(reports, []);
});

Deno.test("many clients that reset one after the other before they are accepted hold up no other", async () => {
  const reports = await reportsOf(() =>
    run(async () => {
      const server = await startServer((_reader, writer) => {
        writer.write("hello\n");
      }, { ...LOOPBACK, maxConnections: 1 });
      const port = portOf(server);
      const first = await openConnection({ port });
      assertEquals(text(await first.reader.readLine()), "hello\n");
      // They wait in the queue of the system, as the server is full.
      await Promise.all(Array.from({ length: 50 }, () => resetAtOnce(port)));
      const last = await openConnection({ port });
      first.writer.close();
      server.closeClients();
      assertEquals(text(await last.reader.readLine()), "hello\n");
      last.writer.close();
    }, { clock: new VirtualClock({ autoJump: false }) })
  );
  assertEquals(reports, []);
});

for (const host of ["127.0.0.1", "localhost"]) {
  Deno.test(`a server on ${host} may start on the port of one that was closed just now`, async () => {
    const first = await startServer(() => {}, { hostname: host });
    const { length } = first.addresses;
    const port = portOf(first);
    first.close();
    await using second = await startServer((_reader, writer) => {
      writer.write("second");
      writer.close();
    }, { hostname: host, port });
    assertEquals(second.addresses.length, length);
    await using client = await openConnection({ port });
    assertEquals(text(await client.reader.read()), "second");
  });
}
