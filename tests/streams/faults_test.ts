import { assert, assertEquals } from "@std/assert";
import net from "node:net";
import {
  LimitOverrunError,
  openConnection,
  type Server,
  startServer,
} from "@asyncio/asyncio/streams";
import { gather } from "@asyncio/asyncio/tasks";
import { Random } from "../_helpers/random.ts";
import { reportsOf } from "../_helpers/reports.ts";
import { turns } from "../_helpers/turns.ts";
import {
  bytes,
  closedAgain,
  openDescriptors,
  portOf,
  readAll,
  text,
} from "./_sockets.ts";
import { until } from "../_helpers/until.ts";
import { echo, LOOPBACK } from "../_helpers/loopback.ts";

function connect(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ ...LOOPBACK, port });
}

/** Clients that misbehave; each is over when it has had its effect. */
const CLIENTS: Record<string, (port: number) => Promise<void>> = {
  async "resets in the middle of a line"(port) {
    const socket = net.connect(port, "127.0.0.1");
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    await new Promise((resolve) => socket.write("half a li", resolve));
    await turns();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resetAndDestroy();
    await closed;
  },
  async "goes at once"(port) {
    (await connect(port)).close();
  },
  async "goes in the middle of a line"(port) {
    using conn = await connect(port);
    await conn.write(bytes("half a li"));
  },
  async "goes without reading its answers"(port) {
    using conn = await connect(port);
    await conn.write(bytes("line\n".repeat(10_000)));
  },
  async "ends its direction, and reads on"(port) {
    using conn = await connect(port);
    await conn.write(bytes("question\nand no newline"));
    await conn.closeWrite();
    assertEquals(await readAll(conn), "question\nand no newline");
  },
  async "sends one byte at a time"(port) {
    using conn = await connect(port);
    conn.setNoDelay(true);
    for (const byte of bytes("slow\nand\nsteady\n")) {
      await conn.write(new Uint8Array([byte]));
      await turns(1);
    }
    await conn.closeWrite();
    assertEquals(await readAll(conn), "slow\nand\nsteady\n");
  },
  async "sends garbage"(port) {
    const random = new Random(1);
    const garbage = Uint8Array.from({ length: 5000 }, () => random.below(256));
    using conn = await connect(port);
    await conn.write(garbage);
    await conn.closeWrite();
    const buffer = new Uint8Array(10_000);
    let received = 0;
    for (let n; (n = await conn.read(buffer.subarray(received))) !== null;) {
      received += n;
    }
    assertEquals(buffer.subarray(0, received), garbage);
  },
};

for (const [name, misbehave] of Object.entries(CLIENTS)) {
  Deno.test(`a client that ${name} harms no other, and leaves nothing open`, async () => {
    await turns();
    const before = openDescriptors();
    const reports = await reportsOf(async () => {
      const server = await startServer(echo, LOOPBACK);
      const { reader, writer } = await openConnection({ port: portOf(server) });
      await misbehave(portOf(server));
      writer.write("still there?\n");
      assertEquals(text(await reader.readLine()), "still there?\n");
      await until(() => server.connections === 1);
    });
    for (const { error } of reports) {
      assert(
        error instanceof Deno.errors.ConnectionReset ||
          error instanceof Deno.errors.BrokenPipe,
      );
    }
    await closedAgain(before);
  });
}

Deno.test("a client that sends a line without end is dropped by a handler that lets the error pass", async () => {
  const reports = await reportsOf(async () => {
    const server = await startServer(echo, { ...LOOPBACK, limit: 1000 });
    using conn = await connect(portOf(server));
    await conn.write(new Uint8Array(100_000));
    await readAll(conn).catch(() => {});
  });
  assertEquals(reports.length, 1);
  assert(reports[0]!.error instanceof LimitOverrunError);
});

Deno.test("a client that stalls holds up no other, and ends with the server", async () => {
  const before = openDescriptors();
  const reports = await reportsOf(async () => {
    const server = await startServer(async (_reader, writer) => {
      while (true) {
        writer.write(new Uint8Array(65536));
        await writer.drain();
      }
    }, LOOPBACK);
    const stalled = await connect(portOf(server));
    const busy = await connect(portOf(server));
    const buffer = new Uint8Array(65536);
    for (let received = 0; received < 20_000_000;) {
      received += (await busy.read(buffer))!;
    }
    busy.close();
    await server.shutdown({ timeout: 1 });
    stalled.close();
  });
  assert(reports.length <= 1, "the one that was gone may have been noticed");
  await closedAgain(before);
});

Deno.test("many clients that misbehave in all ways at once leave nothing open", async () => {
  await turns();
  const before = openDescriptors();
  await reportsOf(async () => {
    const server: Server = await startServer(echo, LOOPBACK);
    const port = portOf(server);
    await gather(
      Array.from({ length: 20 }, () => Object.values(CLIENTS)).flat()
        .map((misbehave) => () => misbehave(port)),
    );
    await until(() => server.connections === 0);
  });
  await closedAgain(before);
});
