import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import {
  type DatagramEndpoint,
  type DatagramOptions,
  openDatagram,
} from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  moveOnAfter,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { shown } from "../../_helpers/waiting_rules.ts";
import { turns } from "../../_helpers/turns.ts";
import { bytes, closedAgain, openDescriptors, text } from "../_sockets.ts";
import { until } from "../../_helpers/until.ts";

const HOST = { hostname: "127.0.0.1" };

/** Two endpoints; what `a` sends goes to `b` unless it says otherwise. */
class Pair implements AsyncDisposable {
  readonly a: DatagramEndpoint;
  readonly b: DatagramEndpoint;

  constructor(a: DatagramEndpoint, b: DatagramEndpoint) {
    this.a = a;
    this.b = b;
  }

  static async open(options: DatagramOptions = {}): Promise<Pair> {
    const b = await openDatagram({ ...HOST, ...options });
    return new Pair(await openDatagram({ ...HOST, remote: b.address }), b);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.a[Symbol.asyncDispose]();
    await this.b[Symbol.asyncDispose]();
  }
}

async function receiveText(endpoint: DatagramEndpoint): Promise<string> {
  return text((await endpoint.receive()).data);
}

// --- Sending and receiving ---------------------------------------------------

Deno.test("a datagram arrives whole, with the address of its sender", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  await a.send("hello");
  const { data, from } = await b.receive();
  assertEquals(text(data), "hello");
  assertEquals(from, a.address);
  assertEquals(from.transport, "udp");
});

Deno.test("an answer goes where `from` says", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  await a.send("ping");
  await b.send("pong", (await b.receive()).from);
  assertEquals(await receiveText(a), "pong");
});

Deno.test("an empty datagram arrives", async () => {
  await using pair = await Pair.open();
  await pair.a.send(new Uint8Array());
  assertEquals((await pair.b.receive()).data.length, 0);
});

Deno.test("the largest datagram of IPv4 arrives whole, and one byte more is refused", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const largest = new Uint8Array(65507).fill(7);
  await a.send(largest);
  assertEquals((await b.receive()).data, largest);
  await assertRejects(
    () => a.send(new Uint8Array(65508)),
    RangeError,
    "Cannot send 65508 bytes to 127.0.0.1",
  );
});

Deno.test("sends leave in the order of the calls", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const sent = Array.from({ length: 200 }, (_, i) => `${i}`);
  await Promise.all(sent.map((each) => a.send(each)));
  const got = [];
  for (let i = 0; i < sent.length; i++) got.push(await receiveText(b));
  assertEquals(got, sent);
});

Deno.test("the bytes are taken as they are at the call of send", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const buffer = bytes("1");
  const first = a.send(buffer);
  buffer[0]!++;
  const second = a.send(buffer);
  buffer[0]!++;
  await Promise.all([first, second]);
  assertEquals([await receiveText(b), await receiveText(b)], ["1", "2"]);
});

Deno.test("the bytes that are received are the caller's own", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  await a.send("one");
  await a.send("two");
  const { data } = await b.receive();
  assertEquals(data.buffer.byteLength, 3);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  assertEquals(await receiveText(b), "two");
});

Deno.test("a name in `to` is looked up", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  await a.send("by name", { hostname: "localhost", port: b.address.port });
  assertEquals(await receiveText(b), "by name");
});

Deno.test("a send to a name that is unknown rejects, and the next one leaves", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const lost = a.send("lost", { hostname: "no-such-host.invalid", port: 9 });
  const next = a.send("next");
  await assertRejects(() => lost, Deno.errors.NotFound, "no-such-host.invalid");
  await next;
  assertEquals(await receiveText(b), "next");
});

Deno.test("without `to` and `remote` a send is a TypeError", async () => {
  await using endpoint = await openDatagram(HOST);
  await assertRejects(() => endpoint.send("x"), TypeError, "remote");
});

Deno.test("what cannot be sent is refused before anything is", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const wrong = (value: unknown) => value as never;
  await assertRejects(() => a.send(wrong(5)), TypeError, "received 5");
  await assertRejects(() => a.send("x", wrong("there")), TypeError);
  await assertRejects(
    () => a.send("x", { ...HOST, port: 70000 }),
    RangeError,
  );
  await assertRejects(() => a.send("x", { ...HOST, port: 0 }), RangeError);
  await a.send("right");
  assertEquals(await receiveText(b), "right");
});

Deno.test("what is sent to a port where nothing listens is lost without an error", async () => {
  const gone = await openDatagram(HOST);
  gone.close();
  await using endpoint = await openDatagram({ ...HOST, remote: gone.address });
  await endpoint.send("one");
  await endpoint.send("two");
  assertEquals(
    await moveOnAfter(10, () => endpoint.receive()),
    undefined,
  );
});

Deno.test("a broadcast address takes `broadcast: true`", async () => {
  await using plain = await openDatagram();
  const to = { hostname: "255.255.255.255", port: 9 };
  await assertRejects(() => plain.send("x", to), Error, "Cannot send to 255.");
  await using allowed = await openDatagram({ broadcast: true });
  await allowed.send("x", { hostname: "127.255.255.255", port: 9 });
});

// --- Receiving ---------------------------------------------------------------

Deno.test("several may wait: each gets one, in order of arrival", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const all = Promise.all([receiveText(b), receiveText(b), receiveText(b)]);
  for (const each of ["1", "2", "3"]) await a.send(each);
  assertEquals(await all, ["1", "2", "3"]);
});

Deno.test("while none waits 1024 datagrams are kept, and the newest go", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  for (let i = 0; i < 1030; i++) {
    await a.send(`${i}`);
    if (i % 100 === 0) await turns(1); // or the system's own buffer overflows
  }
  await until(() => shown(b, "unreceived") + shown(b, "dropped") === 1030);
  assertEquals([shown(b, "unreceived"), shown(b, "dropped")], [1024, 6]);
  for (let i = 0; i < 1024; i++) assertEquals(await receiveText(b), `${i}`);
  await a.send("after");
  assertEquals(await receiveText(b), "after");
});

Deno.test("a datagram that arrived before anything was received is there", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  await a.send("early");
  await until(() => shown(b, "unreceived") === 1);
  assertEquals(await receiveText(b), "early");
});

Deno.test("with `remote` what strangers send is not received", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  await using stranger = await openDatagram(HOST);
  await stranger.send("stranger", a.address);
  await b.send("peer", a.address);
  assertEquals(await receiveText(a), "peer");
});

Deno.test("iteration gives what arrives until the endpoint is closed", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const got: string[] = [];
  const iterating = createTask(async () => {
    for await (const { data } of b) got.push(text(data));
  });
  await a.send("one");
  await a.send("two");
  await until(() => got.length === 2);
  b.close();
  await iterating;
  assertEquals(got, ["one", "two"]);
});

Deno.test("leaving an iteration leaves what arrives to others", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const iterator = b[Symbol.asyncIterator]();
  const next = iterator.next();
  await iterator.return!();
  assertEquals((await next).done, true);
  assertEquals(shown(b, "receivers"), 0);
  await a.send("for others");
  assertEquals(await receiveText(b), "for others");
  assertEquals((await iterator.next()).done, true);
});

// --- Cancelling --------------------------------------------------------------

Deno.test("a receive that is cancelled or aborted takes no datagram", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const cancelled = new Attempt((options) => b.receive(options));
  const aborted = new Attempt((options) => b.receive(options));
  assertEquals(shown(b, "receivers"), 2);
  cancelled.cancel();
  aborted.abort();
  assertEquals(shown(b, "receivers"), 0);
  await a.send("kept");
  assertEquals(await receiveText(b), "kept");
  assertEquals([cancelled.outcome, aborted.outcome], ["cancelled", "Aborted"]);
});

Deno.test("a receive that finds a cancel pending, or its signal aborted, takes nothing", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  await a.send("kept");
  await until(() => shown(b, "unreceived") === 1);
  const reason = new Error("before");
  const signal = AbortSignal.abort(reason);
  assertStrictEquals(
    await assertRejects(() => b.receive({ signal })),
    reason,
  );
  const task = createTask(async () => {
    task.cancel();
    await b.receive();
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(shown(b, "unreceived"), 1);
});

Deno.test("a timeout around a receive ends it", async () => {
  await using pair = await Pair.open();
  await assertRejects(() => timeout(1, () => pair.b.receive()), TimeoutError);
  assertEquals(shown(pair.b, "receivers"), 0);
});

Deno.test("a send that is cancelled before its turn is not sent", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const first = a.send("first");
  const second = createTask(() => a.send("second"), { eager: true });
  const third = a.send("third");
  assertEquals(shown(a, "unsent"), 3);
  second.cancel();
  await Promise.all([first, third]);
  assertEquals([await receiveText(b), await receiveText(b)], [
    "first",
    "third",
  ]);
});

Deno.test("a send that is cancelled while the system has it leaves the next one in order", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const first = createTask(() => a.send("first"), { eager: true });
  const second = a.send("second");
  first.cancel();
  await second;
  assertEquals([await receiveText(b), await receiveText(b)], [
    "first",
    "second",
  ]);
});

// --- Closing -----------------------------------------------------------------

Deno.test("what was sent before close still leaves", async () => {
  const b = await openDatagram(HOST);
  const a = await openDatagram({ ...HOST, remote: b.address });
  const sent = [a.send("1"), a.send("2"), a.send("3")];
  a.close();
  await Promise.all(sent);
  for (const each of ["1", "2", "3"]) assertEquals(await receiveText(b), each);
  b.close();
});

Deno.test("close ends a receive that waits and refuses what comes after; twice it is harmless", async () => {
  const { a, b } = await Pair.open();
  const waiting = b.receive();
  b.close();
  b.close();
  await assertRejects(() => waiting, Error, "Cannot receive: the endpoint");
  await assertRejects(() => b.receive(), Error, "the endpoint is closed");
  await assertRejects(() => b.send("x", a.address), Error, "Cannot send: the");
  const iterator = b[Symbol.asyncIterator]();
  assertEquals(await iterator.next(), { done: true, value: undefined });
  a.close();
});

Deno.test("the end of its run closes it, when what was sent has left", async () => {
  await using b = await openDatagram(HOST);
  const a = await run(async () => {
    const a = await openDatagram({ ...HOST, remote: b.address });
    void a.send("last words");
    return a;
  });
  assertEquals(await receiveText(b), "last words");
  await assertRejects(() => a.send("x"), Error, "the endpoint is closed");
});

Deno.test("`using` and `await using` close it, and no descriptor is left", async () => {
  const before = openDescriptors();
  {
    await using a = await openDatagram(HOST);
    using b = await openDatagram({ ...HOST, remote: a.address });
    await b.send("x");
    assert(openDescriptors() >= before + 2);
  }
  await closedAgain(before);
});

Deno.test("it prints its state", async () => {
  await using pair = await Pair.open();
  const { a, b } = pair;
  const { port } = b.address;
  assertEquals(
    Deno.inspect(a, { colors: false }),
    `DatagramEndpoint { address: "127.0.0.1:${a.address.port}", remote: "127.0.0.1:${port}", receivers: 0, unreceived: 0, dropped: 0, unsent: 0, closed: false }`,
  );
});

Deno.test("a task that receives says for what it waits", async () => {
  await using pair = await Pair.open();
  const task = createTask(() => pair.b.receive(), { eager: true });
  await sleep(0);
  assertStringIncludes(Deno.inspect(task), "DatagramEndpoint.receive");
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
});
