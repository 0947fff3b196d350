import { assertEquals, assertRejects } from "@std/assert";
import {
  startServer,
  type Streams,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { createTask } from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { bytes, portOf, readAll, text } from "./_sockets.ts";
import { until } from "../_helpers/until.ts";

// A handler that has returned leaves its connection to others, if there are any.

const LOOPBACK = { hostname: "127.0.0.1" };

function greet(_reader: unknown, writer: StreamWriter): void {
  writer.write("hi\n");
}

function connect(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ ...LOOPBACK, port });
}

/** Comes, and goes after the first bytes. */
async function visit(port: number): Promise<string> {
  using conn = await connect(port);
  const buffer = new Uint8Array(10);
  return text(buffer.subarray(0, (await conn.read(buffer)) ?? 0));
}

Deno.test("a connection whose handler has returned is closed when its client goes", async () => {
  await using server = await startServer(greet, LOOPBACK);
  for (let i = 0; i < 20; i++) await visit(portOf(server));
  await until(() => server.connections === 0);
});

Deno.test("a connection whose client has gone before its handler returns is closed as well", async () => {
  await using server = await startServer(async (reader, writer) => {
    await reader.read();
    writer.write("bye\n");
  }, LOOPBACK);
  using conn = await connect(portOf(server));
  await conn.closeWrite();
  assertEquals(await readAll(conn), "bye\n");
  await until(() => server.connections === 0);
});

Deno.test("clients that have gone leave their room to others", async () => {
  await using server = await startServer(greet, {
    ...LOOPBACK,
    maxConnections: 2,
  });
  for (let i = 0; i < 5; i++) {
    assertEquals(await visit(portOf(server)), "hi\n");
  }
});

Deno.test("a client that goes with bytes unread is let go of", async () => {
  await using server = await startServer(greet, LOOPBACK);
  {
    using conn = await connect(portOf(server));
    await conn.write(bytes("this is not read\n"));
    await conn.read(new Uint8Array(10));
  }
  await until(() => server.connections === 0);
});

Deno.test("a client that stays keeps its connection after its handler has returned", async () => {
  const taken = Promise.withResolvers<StreamWriter>();
  await using server = await startServer(
    (_reader, writer) => taken.resolve(writer),
    LOOPBACK,
  );
  using conn = await connect(portOf(server));
  const writer = await taken.promise;
  await new Promise((resolve) => setTimeout(resolve, 700));
  assertEquals(server.connections, 1);
  writer.write("late\n");
  writer.close();
  assertEquals(await readAll(conn), "late\n");
});

Deno.test("a client that has ended its direction gets the answer of a task that reads on", async () => {
  await using server = await startServer((reader, writer) => {
    createTask(async () => {
      const question = await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 700));
      writer.write(question);
      writer.close();
    });
  }, LOOPBACK);
  using conn = await connect(portOf(server));
  await conn.write(bytes("question"));
  await conn.closeWrite();
  assertEquals(await readAll(conn), "question");
});

Deno.test("a client that has ended its direction gets what a task writes now and then", async () => {
  await using server = await startServer((_reader, writer) => {
    createTask(async () => {
      await turns();
      writer.write("one ");
      await new Promise((resolve) => setTimeout(resolve, 700));
      writer.write("two");
      writer.close();
    });
  }, LOOPBACK);
  using conn = await connect(portOf(server));
  await conn.closeWrite();
  assertEquals(await readAll(conn), "one two");
});

Deno.test("writing to a connection that was let go of is told by drain", async () => {
  const taken = Promise.withResolvers<Streams>();
  await using server = await startServer(
    (reader, writer) => taken.resolve({ reader, writer }),
    LOOPBACK,
  );
  {
    using conn = await connect(portOf(server));
    await conn.write(bytes("unread"));
  }
  const { reader, writer } = await taken.promise;
  await until(() => server.connections === 0);
  assertEquals(writer.isClosing, true);
  writer.write("to whom?");
  await assertRejects(() => writer.drain(), Deno.errors.ConnectionAborted);
  await writer.waitClosed();
  assertEquals(text(await reader.read()), "unread");
});
