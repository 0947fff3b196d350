import { assert, assertEquals, assertRejects } from "@std/assert";
import { Mqtt, type MqttOptions } from "../../examples/mqtt_client.ts";
import { Event } from "@asyncio/asyncio/sync";
import { createTask, gather, moveOnAfter, run } from "@asyncio/asyncio/tasks";
import { startServer } from "@asyncio/asyncio/streams";
import { outputOf, testWith } from "../streams/_programs.ts";
import { Example, killed } from "./_example.ts";
import { Folder } from "../_helpers/folder.ts";
import { freePort } from "../_helpers/free_port.ts";

/** A mosquitto of its own, and what it logs. */
class Broker implements AsyncDisposable {
  readonly port: number = freePort();
  readonly #folder = new Folder();
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #log = "";
  #hasEnded = false;
  #more = Promise.withResolvers<void>();

  private constructor() {
    const { path } = this.#folder;
    Deno.chmodSync(path, 0o755); // it does not stay root
    const config = [
      `listener ${this.port} 127.0.0.1`,
      "allow_anonymous true",
      `password_file ${path}/passwords`,
    ];
    Deno.writeTextFileSync(`${path}/config`, `${config.join("\n")}\n`);
    const passwords = ["-b", "-c", `${path}/passwords`, "ada", "secret"];
    new Deno.Command("mosquitto_passwd", { args: passwords }).outputSync();
    Deno.chmodSync(`${path}/passwords`, 0o644);
    this.#child = new Deno.Command("mosquitto", {
      args: ["-v", "-c", `${path}/config`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  static async start(): Promise<Broker> {
    while (true) {
      const broker = new Broker();
      if (await broker.#logs(/ running$/m)) return broker;
      await broker[Symbol.asyncDispose](); // another program has the port by now
    }
  }

  async #read(): Promise<void> {
    const text = this.#child.stderr.pipeThrough(new TextDecoderStream());
    for await (const chunk of text) {
      this.#log += chunk;
      this.#more.resolve();
      this.#more = Promise.withResolvers();
    }
    this.#hasEnded = true;
    this.#more.resolve();
  }

  async logged(pattern: RegExp): Promise<void> {
    assert(await this.#logs(pattern), this.#log);
  }

  /** False if it ends before. */
  async #logs(pattern: RegExp): Promise<boolean> {
    while (!pattern.test(this.#log) && !this.#hasEnded) {
      await this.#more.promise;
    }
    return pattern.test(this.#log);
  }

  connect(options?: Partial<MqttOptions>): Promise<Mqtt> {
    const { port } = this;
    return Mqtt.connect(
      { hostname: "127.0.0.1", port, ...options } as MqttOptions,
    );
  }

  /** What mosquitto_pub or mosquitto_sub prints. */
  ask(program: "pub" | "sub", ...args: string[]): Promise<string> {
    const address = ["-h", "127.0.0.1", "-p", `${this.port}`];
    return outputOf(`mosquitto_${program}`, [...address, ...args]);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await killed(this.#child);
    await this.#reading;
    await this.#folder[Symbol.asyncDispose]();
  }
}

function test(name: string, body: (broker: Broker) => Promise<void>): void {
  testWith(["mosquitto", "mosquitto_pub"], name, async () => {
    await using broker = await Broker.start();
    await run(() => body(broker));
  });
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The next so many messages. */
async function take(
  messages: AsyncIterable<{ topic: string; payload: Uint8Array }>,
  count: number,
): Promise<string[]> {
  const taken: string[] = [];
  for await (const { topic, payload } of messages) {
    if (taken.push(`${topic} ${text(payload)}`) === count) break;
  }
  return taken;
}

for (const qos of [0, 1] as const) {
  test(`what mosquitto_pub sends with QoS ${qos} arrives`, async (broker) => {
    await using client = await broker.connect();
    const messages = await client.subscribe("a/#", qos);
    const pub = (topic: string, ...message: string[]) =>
      broker.ask("pub", "-q", `${qos}`, "-t", topic, ...message);
    await pub("a/b", "-m", "Łódź");
    await pub("x/b", "-m", "not wanted");
    await pub("a", "-n");
    await pub("a/é", "-m", "x".repeat(100_000));
    const taken = await take(messages, 3);
    assertEquals(taken, ["a/b Łódź", "a ", `a/é ${"x".repeat(100_000)}`]);
  });

  test(`mosquitto_sub gets what is published with QoS ${qos}`, async (broker) => {
    await using client = await broker.connect();
    const sub = broker.ask("sub", "-q", "1", "-t", "a/+", "-C", "3", "-v");
    await broker.logged(/SUBACK/);
    await client.publish("a/b", "Łódź", { qos });
    await client.publish("a/b/c", "not wanted", { qos });
    await client.publish("a/", new Uint8Array(), { qos });
    await client.publish("a/c", "y".repeat(300_000), { qos });
    const lines = ["a/b Łódź", "a/ (null)", `a/c ${"y".repeat(300_000)}`];
    assertEquals(await sub, `${lines.join("\n")}\n`);
  });
}

test("messages keep their order, many at a time", async (broker) => {
  await using client = await broker.connect();
  await using other = await broker.connect();
  const messages = await other.subscribe("t", 1);
  const publish = Array.from(
    { length: 500 },
    (_, i) => () => client.publish("t", `${i}`, { qos: 1 }),
  );
  const [taken] = await gather([() => take(messages, 500), ...publish]);
  assertEquals(taken, Array.from({ length: 500 }, (_, i) => `t ${i}`));
});

test("a slow reader holds back the server, and loses nothing", async (broker) => {
  await using client = await broker.connect({ pingAfter: 1 });
  const slow = await client.subscribe("t", 1);
  await using other = await broker.connect();
  for (let i = 0; i < 600; i++) await other.publish("t", `${i}`, { qos: 1 });
  assert(slow.queue.full);
  const taken = await take(slow, 600);
  assertEquals(taken, Array.from({ length: 600 }, (_, i) => `t ${i}`));
});

test("a message that is kept comes to later subscribers", async (broker) => {
  await using client = await broker.connect();
  await client.publish("kept", "old", { retain: true, qos: 1 });
  const messages = await client.subscribe("kept");
  await client.publish("kept", "new", { qos: 1 });
  const { retain } = await messages.queue.get();
  assertEquals([retain, (await messages.queue.get()).retain], [true, false]);
});

test("filters take what mosquitto takes them for", async (broker) => {
  const topics = ["a", "a/", "a/b", "a/b/c", "/a", "b", "$x/a"];
  for (const filter of ["#", "+", "a/#", "a/+", "+/+", "/+", "+/b/#", "$x/#"]) {
    await using client = await broker.connect();
    await using all = await client.subscribe(filter, 1);
    await using more = await client.subscribe("end", 1);
    for (const topic of topics) await client.publish(topic, "", { qos: 1 });
    await client.publish("end", "", { qos: 1 });
    await more.queue.get();
    const found: string[] = [];
    while (!all.queue.empty) found.push(all.queue.getNowait().topic);
    const expected: Record<string, string[]> = {
      "#": ["a", "a/", "a/b", "a/b/c", "/a", "b", "end"],
      "+": ["a", "b", "end"],
      "a/#": ["a", "a/", "a/b", "a/b/c"],
      "a/+": ["a/", "a/b"],
      "+/+": ["a/", "a/b", "/a"],
      "/+": ["/a"],
      "+/b/#": ["a/b", "a/b/c"],
      "$x/#": ["$x/a"],
    };
    assertEquals([...new Set(found)], expected[filter], filter);
  }
});

test("a subscription that ends gets no more", async (broker) => {
  await using client = await broker.connect();
  const first = await client.subscribe("t", 1);
  await using second = await client.subscribe("t", 1);
  await first[Symbol.asyncDispose]();
  await client.publish("t", "x", { qos: 1 });
  assertEquals(await take(second, 1), ["t x"]);
  assertEquals(await Array.fromAsync(first), []);
  await second[Symbol.asyncDispose]();
  await broker.logged(/UNSUBACK/);
});

test("a wrong password is refused, a right one is not", async (broker) => {
  await using _ = await broker.connect({ username: "ada", password: "secret" });
  await assertRejects(
    () => broker.connect({ username: "ada", password: "wrong" }),
    Error,
    "not authorized",
  );
});

test("a client that ends takes leave", async (broker) => {
  const client = await broker.connect({ clientId: "polite" });
  const messages = await client.subscribe("t");
  await client[Symbol.asyncDispose]();
  await broker.logged(/Received DISCONNECT from polite/);
  assertEquals(await Array.fromAsync(messages), []);
  await assertRejects(() => client.publish("t", "x"));
});

test("a publish that is given up leaves the client usable", async (broker) => {
  await using client = await broker.connect();
  for (let i = 0; i < 20; i++) {
    const publish = createTask(() => client.publish("t", `${i}`, { qos: 1 }));
    await moveOnAfter(i % 3, () => publish);
    await client.publish("t", "x", { qos: 1 });
  }
});

test("a lost server fails what waits for it", async (broker) => {
  await using client = await broker.connect();
  const messages = await client.subscribe("t");
  const reading = createTask(() => take(messages, 1));
  broker.kill();
  await assertRejects(() => reading, Error);
  await assertRejects(() => client.publish("t", "x"), Error);
  await assertRejects(() => client.subscribe("t"), Error);
});

Deno.test("a server that does not answer is lost", () =>
  run(async () => {
    const pinged = new Event();
    await using server = await startServer(async (reader, writer) => {
      await reader.read(100);
      writer.write(new Uint8Array([0x20, 2, 0, 0]));
      const ping = await reader.readExactly(2);
      assertEquals(ping, new Uint8Array([0xc0, 0]));
      pinged.set();
      await reader.read();
      writer.close();
    }, { hostname: "127.0.0.1" });
    const { port } = server.addresses[0] as Deno.NetAddr;
    const options = { hostname: "127.0.0.1", port, pingAfter: 0.02 };
    await using client = await Mqtt.connect(options);
    await pinged.wait();
    const subscribing = () => client.subscribe("t");
    await assertRejects(subscribing, Error, "does not answer");
  }));

Deno.test("what is no MQTT is told", () =>
  run(async () => {
    for (
      const words of [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "\x20\xff\xff\xff\xff\xff",
        "",
      ]
    ) {
      await using server = await startServer((_reader, writer) => {
        writer.write(Uint8Array.from(words, (it) => it.charCodeAt(0)));
        writer.close();
      }, { hostname: "127.0.0.1" });
      const { port } = server.addresses[0] as Deno.NetAddr;
      const options = { hostname: "127.0.0.1", port };
      await assertRejects(() => Mqtt.connect(options), Error);
    }
  }));

test("the program prints messages, and takes leave on SIGTERM", async (broker) => {
  const address = `127.0.0.1:${broker.port}`;
  await using program = new Example("mqtt_client.ts", [address, "t/#"]);
  await program.line(/^subscribed$/);
  await using publish = new Example("mqtt_client.ts", [
    address,
    "t/a",
    "hello",
  ]);
  assertEquals((await publish.ended()).code, 0);
  await program.line(/^t\/a hello$/);
  program.kill("SIGTERM");
  const { stderr, orphans } = await program.ended();
  assertEquals([stderr, orphans], ["", []]);
});
