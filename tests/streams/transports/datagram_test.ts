import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createDatagramEndpoint,
  DatagramProtocol,
  type DatagramTransport,
} from "@asyncio/asyncio/streams/transports";
import { openDatagram } from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  currentTask,
  run,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { outputOf, testWith } from "../_programs.ts";
import { closedAgain, openDescriptors, text } from "../_sockets.ts";

const HOST = { hostname: "127.0.0.1" };

/** Notes each call. */
class DatagramRecorder extends DatagramProtocol {
  readonly events: string[] = [];
  transport!: DatagramTransport;

  note(event: string): void {
    assertEquals(currentTask(), undefined);
    this.events.push(event);
  }

  override connectionMade(transport: DatagramTransport): void {
    this.transport = transport;
    this.note("made");
  }

  override datagramReceived(data: Uint8Array, _from: Deno.NetAddr): void {
    this.note(`data ${text(data)}`);
  }

  override errorReceived(error: Error): void {
    this.note(`error ${error.name}`);
  }

  override connectionLost(error: unknown): void {
    this.note(`lost ${error}`);
  }

  override pauseWriting(): void {
    this.note("pause");
  }

  override resumeWriting(): void {
    this.note("resume");
  }

  lost(): Promise<void> {
    return until(() => this.events.at(-1)?.startsWith("lost") === true);
  }
}

function open(options: Parameters<typeof createDatagramEndpoint>[1] = HOST) {
  return createDatagramEndpoint(() => new DatagramRecorder(), options);
}

Deno.test("datagrams come one by one, in order, with their sender", async () => {
  const { transport, protocol } = await open();
  const address = transport.getExtraInfo("sockname") as Deno.NetAddr;
  using client = await openDatagram({ ...HOST, remote: address });
  const senders: Deno.NetAddr[] = [];
  const { datagramReceived } = protocol;
  protocol.datagramReceived = (data, from) => {
    senders.push(from);
    datagramReceived.call(protocol, data, from);
  };
  for (const each of ["one", "", "three"]) await client.send(each);
  await until(() => protocol.events.length === 4);
  assertEquals(protocol.events, ["made", "data one", "data ", "data three"]);
  assertEquals(senders, [client.address, client.address, client.address]);
  transport.close();
  transport.close();
  assert(transport.isClosing);
  await protocol.lost();
  assertEquals(protocol.events.at(-1), "lost undefined");
});

testWith(
  ["python3"],
  "as in CPython: the order of the calls between two endpoints",
  async () => {
    const printed = await outputOf("python3", [
      "-c",
      `
import asyncio, json

class Recorder(asyncio.DatagramProtocol):
    def __init__(self):
        self.events = []
    def connection_made(self, transport):
        self.events.append("made")
        self.transport = transport
    def datagram_received(self, data, addr):
        self.events.append("data " + data.decode())
        if data == b"ping":
            self.transport.sendto(b"pong", addr)
            self.transport.close()
            self.events.append(self.transport.is_closing())
    def connection_lost(self, error):
        self.events.append("lost")

async def main():
    loop = asyncio.get_running_loop()
    t1, server = await loop.create_datagram_endpoint(Recorder, local_addr=("127.0.0.1", 0))
    t2, client = await loop.create_datagram_endpoint(Recorder, remote_addr=t1.get_extra_info("sockname"))
    t2.sendto(b"ping")
    try:
        t2.sendto(b"x", ("127.0.0.1", 9))
    except ValueError:
        client.events.append("refused")
    while "data pong" not in client.events:
        await asyncio.sleep(0.001)
    t2.abort()
    client.events.append("aborted")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print(json.dumps([server.events, client.events, t2.get_write_buffer_limits()]))
asyncio.run(main())
`,
    ]);
    class Answering extends DatagramRecorder {
      override datagramReceived(data: Uint8Array, from: Deno.NetAddr): void {
        super.datagramReceived(data, from);
        if (text(data) !== "ping") return;
        this.transport.sendTo("pong", from);
        this.transport.close();
        this.events.push(this.transport.isClosing as never);
      }
      override connectionLost(): void {
        this.note("lost");
      }
    }
    const server = await createDatagramEndpoint(() => new Answering(), HOST);
    const remote = server.transport.getExtraInfo("sockname") as Deno.NetAddr;
    const client = await createDatagramEndpoint(() => new Answering(), {
      remote,
    });
    client.transport.sendTo("ping");
    assertThrows(
      () => client.transport.sendTo("x", { ...HOST, port: 9 }),
      TypeError,
    );
    client.protocol.events.push("refused");
    await until(() => client.protocol.events.includes("data pong"));
    client.transport.abort();
    client.protocol.events.push("aborted");
    await client.protocol.lost();
    assertEquals(
      [
        server.protocol.events,
        client.protocol.events,
        Object.values(client.transport.getWriteBufferLimits()),
      ],
      JSON.parse(printed),
    );
  },
);

Deno.test("what the system refuses is errorReceived, and the transport goes on", async () => {
  const { transport, protocol } = await open();
  const address = transport.getExtraInfo("sockname") as Deno.NetAddr;
  transport.setWriteBufferLimits({ high: 100_000 });
  transport.sendTo(new Uint8Array(70_000), address);
  transport.sendTo("x", { hostname: "no-such-host.invalid", port: 9 });
  transport.sendTo("after", address);
  await until(() => protocol.events.includes("data after"));
  assertEquals(protocol.events, [
    "made",
    "error RangeError",
    "error NotFound",
    "data after",
  ]);
  transport.abort();
  await protocol.lost();
});

Deno.test("abort drops what is unsent", async () => {
  const { transport, protocol } = await open();
  const receiver = await open();
  const address = receiver.transport.getExtraInfo("sockname") as Deno.NetAddr;
  for (const data of ["sent", "unsent", "unsent"]) {
    transport.sendTo(data, address);
  }
  assert(transport.getWriteBufferSize() > 0);
  transport.abort();
  assertEquals(transport.getWriteBufferSize(), 0);
  await protocol.lost();
  receiver.transport.close();
  await receiver.protocol.lost();
});

Deno.test("without an address, or what is no datagram, sendTo throws", async () => {
  const { transport, protocol } = await open();
  assertThrows(() => transport.sendTo("x"), TypeError, "remote");
  assertThrows(() => transport.sendTo(5 as never), TypeError, "received 5");
  assertThrows(
    () => transport.sendTo("x", { ...HOST, port: 0 }),
    RangeError,
  );
  transport.close();
  await protocol.lost();
});

Deno.test("writing is paused and resumed in pairs; close sends what is unsent", async () => {
  const { transport, protocol } = await open();
  const receiver = await open();
  const to = receiver.transport.getExtraInfo("sockname") as Deno.NetAddr;
  transport.setWriteBufferLimits({ high: 10, low: 2 });
  for (let i = 0; i < 5; i++) transport.sendTo(`12345${i}`, to);
  assertEquals(protocol.events, ["made", "pause"]);
  assertEquals(transport.getWriteBufferSize(), 30);
  transport.close();
  transport.sendTo("dropped", to);
  await protocol.lost();
  assertEquals(protocol.events, ["made", "pause", "resume", "lost undefined"]);
  await until(() => receiver.protocol.events.length === 6);
  assertEquals(
    receiver.protocol.events.slice(1),
    [0, 1, 2, 3, 4].map((i) => `data 12345${i}`),
  );
  receiver.transport.close();
  await receiver.protocol.lost();
});

Deno.test("an error in datagramReceived is reported, and the next datagram comes", async () => {
  const reports = await reportsOf(async () => {
    const { transport, protocol } = await open();
    const address = transport.getExtraInfo("sockname") as Deno.NetAddr;
    const { datagramReceived } = protocol;
    protocol.datagramReceived = () => {
      protocol.datagramReceived = datagramReceived;
      throw new Error("no");
    };
    transport.sendTo("one", address);
    transport.sendTo("two", address);
    await until(() => protocol.events.includes("data two"));
  });
  assertEquals(reports.map(({ message }) => message), [
    "Exception in callback protocol.datagramReceived()",
  ]);
});

Deno.test("another protocol goes on in the middle", async () => {
  const { transport, protocol } = await open();
  const address = transport.getExtraInfo("sockname") as Deno.NetAddr;
  const second = new DatagramRecorder();
  transport.setProtocol(second);
  assertEquals(transport.getProtocol(), second);
  transport.sendTo("x", address);
  await until(() => second.events.includes("data x"));
  assertEquals(protocol.events, ["made"]);
  transport.close();
  await second.lost();
});

Deno.test("nothing arrives before the code that awaits the endpoint has gone on", async () => {
  const { transport, protocol } = await createDatagramEndpoint(() => {
    return new class extends DatagramRecorder {
      override connectionMade(transport: DatagramTransport): void {
        super.connectionMade(transport);
        const address = transport.getExtraInfo("sockname") as Deno.NetAddr;
        transport.sendTo("to myself", address);
      }
    }();
  }, HOST);
  assertEquals(protocol.events, ["made"]);
  await until(() => protocol.events.length === 2);
  transport.close();
  await protocol.lost();
});

Deno.test("the end of its run closes it", async () => {
  const before = openDescriptors();
  const protocol = await run(async () => (await open()).protocol);
  assertEquals(protocol.events, ["made", "lost undefined"]);
  await closedAgain(before);
});

Deno.test("cancelled, or with a factory that throws, it leaves nothing open", async () => {
  const before = openDescriptors();
  let made = 0;
  const task = createTask(async () => {
    task.cancel();
    await createDatagramEndpoint(() => {
      made++;
      return new DatagramRecorder();
    }, HOST);
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(made, 0);
  await assertRejects(
    () =>
      createDatagramEndpoint(() => {
        throw new SyntaxError("no protocol");
      }, HOST),
    SyntaxError,
  );
  await assertRejects(
    () => createDatagramEndpoint(undefined as never, HOST),
    TypeError,
    "Cannot call createDatagramEndpoint: expected a function",
  );
  await turns();
  await closedAgain(before);
});

Deno.test("a datagram transport prints its state", async () => {
  const { transport, protocol } = await open();
  const { port } = transport.getExtraInfo("sockname") as Deno.NetAddr;
  assertEquals(
    Deno.inspect(transport, { colors: false }),
    `UdpTransport { address: "127.0.0.1:${port}", protocol: "DatagramRecorder", state: "open", unsent: 0 }`,
  );
  transport.close();
  await protocol.lost();
});
