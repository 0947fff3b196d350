/** Transports, datagrams and names, cancelled everywhere. @module */
import { assert, assertEquals } from "@std/assert";
import {
  subprocessExec,
  SubprocessProtocol,
} from "@asyncio/asyncio/process/transports";
import { runSubprocess } from "@asyncio/asyncio/process";
import { getaddrinfo, openDatagram } from "@asyncio/asyncio/streams";
import {
  createConnection,
  createDatagramEndpoint,
  createServer,
  DatagramProtocol,
  sendfile,
  startTls,
} from "@asyncio/asyncio/streams/transports";
import { Future, gather, run, WorkerPool } from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";
import { until } from "../_helpers/until.ts";
import { certificates } from "../streams/_certificates.ts";
import {
  closedAgain,
  openDescriptors,
  portOf,
  text,
} from "../streams/_sockets.ts";
import { TestNameServer } from "../streams/names/_name_server.ts";
import { Recorder } from "../streams/transports/_recorder.ts";

const LOOPBACK = { hostname: "127.0.0.1" };

Deno.test("cancelled everywhere: datagrams leave no socket open, and none is lost", async () => {
  const before = openDescriptors();
  const { points } = await cancelEverywhere(async () => {
    await using server = await openDatagram(LOOPBACK);
    await using client = await openDatagram({ remote: server.address });
    await client.send("ping");
    const { data, from } = await server.receive();
    assertEquals(text(data), "ping");
    await server.send("pong", from);
    assertEquals(text((await client.receive()).data), "pong");
  }, () => closedAgain(before));
  assert(points >= 6);
});

Deno.test("cancelled everywhere: a connection of protocols is lost once at each end, encrypted in the middle", async () => {
  const before = openDescriptors();
  const { server: { cert, key }, authority } = certificates();
  let recorders: Recorder[] = [];
  const record = () => {
    const recorder = new Recorder();
    recorders.push(recorder);
    return recorder;
  };
  const { points } = await cancelEverywhere(async () => {
    recorders = [];
    await using server = await createServer(record, LOOPBACK);
    const { transport, protocol } = await createConnection(record, {
      port: portOf(server),
    });
    try {
      transport.write("STARTTLS");
      await until(() => recorders.some((it) => it.last === "data STARTTLS"));
      const peer = recorders.find((it) => it !== protocol)!;
      const [encrypted] = await gather([
        () =>
          startTls(transport, protocol, {
            caCerts: [authority.cert],
            serverName: "localhost",
          }),
        () => startTls(peer.transport, peer, { cert, key, serverSide: true }),
      ]);
      encrypted.close();
    } finally {
      transport.abort();
    }
  }, async () => {
    await until(() => recorders.every((it) => it.isLost));
    for (const { events } of recorders) {
      assertEquals(events.filter((it) => it.startsWith("lost")).length, 1);
    }
    await closedAgain(before);
  });
  assert(points >= 3);
});

Deno.test("cancelled everywhere: a file that is sent leaves its transport usable", async () => {
  const before = openDescriptors();
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(600_000));
  await cancelEverywhere(async () => {
    const peer = new Recorder();
    let received = 0;
    peer.dataReceived = (data) => received += data.length;
    await using server = await createServer(() => peer, LOOPBACK);
    const { transport } = await createConnection(() => new Recorder(), {
      port: portOf(server),
    });
    try {
      using file = await Deno.open(path);
      await sendfile(transport, file);
    } finally {
      transport.write("x");
      transport.close();
      await until(() => peer.isLost);
      assertEquals(received > 0, true);
    }
  }, () => closedAgain(before));
  await Deno.remove(path);
});

Deno.test("cancelled everywhere: a look-up over UDP and TCP leaves nothing open", async () => {
  await using server = await TestNameServer.start(({ type }) => ({
    truncated: true,
    records: type === "A" ? [{ type, value: "192.0.2.1" }] : [],
  }));
  const { nameServer } = server;
  const before = openDescriptors();
  await cancelEverywhere(
    async () => {
      const found = await getaddrinfo("host.test", 80, { nameServer });
      assertEquals(found.length, 1);
    },
    () => closedAgain(before),
  );
});

Deno.test("cancelled everywhere: endpoints and programs with protocols end with their run", async () => {
  await run(() => runSubprocess(["true"])); // from now on there is a watchdog
  const before = openDescriptors();
  await cancelEverywhere(async () => {
    const lost = new Future<void>();
    class Ending extends SubprocessProtocol {
      override connectionLost(): void {
        if (!lost.done) lost.setResult();
      }
    }
    await createDatagramEndpoint(() => new DatagramProtocol(), LOOPBACK);
    await subprocessExec(() => new Ending(), "true");
    await lost;
  }, () => closedAgain(before));
});

Deno.test("cancelled everywhere: a thread that waits for a function of the program", async () => {
  const module = new URL("../tasks/_host_functions.ts", import.meta.url);
  let running = 0;
  await cancelEverywhere(async () => {
    await using pool = new WorkerPool(module, {
      maxWorkers: 1,
      callbacks: {
        async add(a: number, b: number) {
          running++;
          try {
            return await Promise.resolve(a + b);
          } finally {
            running--;
          }
        },
      },
    });
    assertEquals(await pool.call("ask", ["add", 1, 2]), 3);
  }, () => until(() => running === 0));
});
