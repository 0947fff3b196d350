import { assert, assertEquals, assertRejects } from "@std/assert";
import { connectToFirst, interleave } from "../../examples/happy_eyeballs.ts";
import {
  type AddrInfo,
  openConnection,
  startServer,
} from "@asyncio/asyncio/streams";
import { CancelledError, createTask, sleep } from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";
import { LOOPBACK } from "../_helpers/loopback.ts";
import { now } from "../_helpers/now.ts";
import { virtually } from "../_helpers/virtually.ts";

const address = (hostname: string): AddrInfo => ({
  family: hostname.includes(":") ? 6 : 4,
  hostname,
  port: 80,
});

/** How long an attempt takes, and whether it fails then. */
type Answers = Record<string, { after: number; fails?: boolean }>;

/** A net whose hosts answer so, and what happens there. */
class FakeNet {
  readonly log: string[] = [];
  open = 0;
  readonly #answers: Answers;

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  get addresses(): AddrInfo[] {
    return Object.keys(this.#answers).map(address);
  }

  connect = async ({ hostname }: AddrInfo): Promise<FakeConnection> => {
    this.log.push(`${now()} ${hostname}`);
    const { after, fails } = this.#answers[hostname]!;
    await sleep(after);
    if (fails) throw new Error(`${hostname} refuses`);
    return new FakeConnection(hostname, this);
  };
}

class FakeConnection implements AsyncDisposable {
  readonly hostname: string;
  readonly #net: FakeNet;

  constructor(hostname: string, net: FakeNet) {
    this.hostname = hostname;
    this.#net = net;
    net.open++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#net.open--;
    await sleep(0);
  }
}

Deno.test("the families of addresses take turns, beginning with the first", () => {
  const names = ["::1", "::2", "::3", "10.0.0.1", "10.0.0.2"];
  assertEquals(interleave(names.map(address)).map((it) => it.hostname), [
    "::1",
    "10.0.0.1",
    "::2",
    "10.0.0.2",
    "::3",
  ]);
  assertEquals(interleave([]), []);
});

Deno.test("a silent address costs 250 ms, one that refuses nothing", () =>
  virtually(async () => {
    const net = new FakeNet({
      "::1": { after: Infinity },
      "10.0.0.1": { after: 10, fails: true },
      "::2": { after: 20 },
    });
    const first = await connectToFirst(net.addresses, net.connect);
    assertEquals([first.hostname, net.open], ["::2", 1]);
    assertEquals(net.log, ["0 ::1", "250 10.0.0.1", "260 ::2"]);
  }));

Deno.test("of two connections in the same moment one is kept, the other is closed", () =>
  virtually(async () => {
    const net = new FakeNet({
      "::1": { after: 300 },
      "10.0.0.1": { after: 50 },
    });
    const first = await connectToFirst(net.addresses, net.connect);
    assertEquals([now(), net.open], [300, 1]);
    await first[Symbol.asyncDispose]();
    assertEquals(net.open, 0);
  }));

Deno.test("where no address answers, the errors come in the order of the attempts", () =>
  virtually(async () => {
    const net = new FakeNet({
      "::1": { after: 300, fails: true },
      "10.0.0.1": { after: 1, fails: true },
    });
    const error = await assertRejects(
      () => connectToFirst(net.addresses, net.connect),
      AggregateError,
    );
    assertEquals(error.errors.map(({ message }) => message), [
      "::1 refuses",
      "10.0.0.1 refuses",
    ]);
  }));

Deno.test("a cancel at any point leaves no connection open", async () => {
  let net!: FakeNet;
  const { points } = await cancelEverywhere(async () => {
    net = new FakeNet({ "::1": { after: 300 }, "10.0.0.1": { after: 50 } });
    const first = await connectToFirst(net.addresses, net.connect);
    await first[Symbol.asyncDispose]();
  }, () => assertEquals(net.open, 0));
  assert(points >= 3, `${points}`);
});

Deno.test("real connections: those that lose are closed", async () => {
  let served = 0;
  await using server = await startServer(async (reader, writer) => {
    served++;
    await reader.read();
    writer.close();
  }, LOOPBACK);
  const { port } = server.addresses[0] as Deno.NetAddr;
  const addresses = ["127.0.0.2", "127.0.0.1"]
    .map((hostname) => ({ ...address(hostname), port }));
  const connecting = createTask(() =>
    connectToFirst(addresses, ({ hostname, port }) => {
      return openConnection({ hostname, port });
    })
  );
  await using connection = await connecting;
  connection.writer.write("hello");
  await connection.writer.drain();
  assertEquals(served, 1);
  const task = createTask(() =>
    connectToFirst(addresses, ({ hostname, port }) => {
      return openConnection({ hostname, port });
    })
  );
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
});
