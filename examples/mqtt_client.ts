/**
 * A client of MQTT 3.1.1: messages are published at most or at least once, and
 * read by iterating over a subscription; one that is read slowly holds the server
 * back. `mqtt_client.ts example.org:1883 'house/#'` prints messages until Ctrl-C,
 * with a third argument it publishes that. Without arguments it shows itself on a
 * mosquitto of its own.
 */
import { Buffer } from "node:buffer";
import {
  type ConnectOptions,
  createSubprocessExec,
  createTask,
  Future,
  interval,
  isCancelled,
  openConnection,
  PIPE,
  Queue,
  QueueShutDownError,
  run,
  type StreamReader,
  type Streams,
  type StreamWriter,
  type Task,
} from "@asyncio/asyncio";
import { freePort } from "./_free_port.ts";
import {
  checkConnack,
  DISCONNECT,
  encode,
  encodeConnect,
  type Greeting,
  matches,
  type Message,
  type Packet,
  packets,
  parsePublish,
  PINGREQ,
  PINGRESP,
  PUBACK,
  PUBLISH,
  SUBSCRIBE,
  uint16,
  UNSUBSCRIBE,
} from "./_mqtt_packets.ts";

export type MqttOptions = ConnectOptions & Greeting;

/** Messages whose topic fits a filter; disposed, no more are wanted. */
export class Subscription implements AsyncIterable<Message>, AsyncDisposable {
  readonly filter: string;
  /** So many may be unread; then the server has to wait. */
  readonly queue = new Queue<Message>(100);
  readonly #client: Mqtt;

  constructor(filter: string, client: Mqtt) {
    this.filter = filter;
    this.#client = client;
  }

  /** Ends with the subscription; an error if the connection is lost. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message> {
    for await (const message of this.queue) yield message;
    if (this.#client.error !== undefined) throw this.#client.error;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.unsubscribe(this);
  }
}

/** A connection. Disposed, it takes leave of the server. */
export class Mqtt implements AsyncDisposable {
  /** Why the connection was lost, if it was. */
  error: unknown;
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  readonly #subscriptions = new Set<Subscription>();
  /** What is not answered yet, by its number. */
  readonly #asked = new Map<number, Future<Packet>>();
  readonly #tasks: Task<void>[] = [];
  #lastId = 0;
  /** Whether a packet has come since the last look. */
  #isHeard = true;
  /** Whether a packet waits here, for a reader that is slow. */
  #isHeld = false;

  private constructor({ reader, writer }: Streams) {
    this.#reader = reader;
    this.#writer = writer;
  }

  static async connect(options: MqttOptions): Promise<Mqtt> {
    const client = new Mqtt(await openConnection(options));
    try {
      client.#writer.write(encodeConnect(options));
      checkConnack(await client.#reader.readFrame(packets));
    } catch (error) {
      client.#writer.abort();
      throw error;
    }
    client.#tasks.push(createTask(() => client.#receive()));
    const { pingAfter = 60 } = options;
    client.#tasks.push(createTask(() => client.#ping(pingAfter * 500)));
    return client;
  }

  /**
   * Publishes a message: with QoS 0 it is sent, with QoS 1 the server has it, when
   * this resolves. Given up, it is on its way all the same.
   */
  async publish(
    topic: string,
    payload: string | Uint8Array,
    { qos = 0, retain = false }: { qos?: 0 | 1; retain?: boolean } = {},
  ): Promise<void> {
    const flags = qos << 1 | Number(retain);
    const bytes = Buffer.from(payload as string);
    if (qos === 1) {
      await this.#ask((id) => encode(PUBLISH, flags, topic, id, bytes));
    } else {
      this.#send(encode(PUBLISH, flags, topic, bytes));
      await this.#writer.drain();
    }
  }

  /** Subscribes to the topics that fit a filter, such as `"house/+/door"`. */
  async subscribe(filter: string, qos: 0 | 1 = 0): Promise<Subscription> {
    const subscription = new Subscription(filter, this);
    this.#subscriptions.add(subscription);
    try {
      const { body } = await this.#ask((id) =>
        encode(SUBSCRIBE, 2, id, filter, Buffer.from([qos]))
      );
      if (body[2]! >= 128) throw new Error(`Cannot subscribe to ${filter}`);
      return subscription;
    } catch (error) {
      this.#subscriptions.delete(subscription);
      throw error;
    }
  }

  async unsubscribe(subscription: Subscription): Promise<void> {
    subscription.queue.shutdown({ immediate: true });
    if (!this.#subscriptions.delete(subscription)) return;
    const { filter } = subscription;
    const isUsed = [...this.#subscriptions].some((it) => it.filter === filter);
    if (isUsed || this.#writer.isClosing) return;
    await this.#ask((id) => encode(UNSUBSCRIBE, 2, id, filter));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#writer.isClosing) this.#send(encode(DISCONNECT, 0));
    this.#end(new Error("The connection is closed"));
    await this.#writer[Symbol.asyncDispose]();
  }

  #send(packet: Uint8Array): void {
    if (this.error !== undefined) throw this.error;
    this.#writer.write(packet);
  }

  /** Sends a packet with a number, and waits for the answer to it. */
  async #ask(packet: (id: Buffer) => Buffer): Promise<Packet> {
    do this.#lastId = this.#lastId % 65_535 + 1; while (
      this.#asked.has(this.#lastId)
    );
    const id = this.#lastId;
    this.#send(packet(uint16(id)));
    const answer = new Future<Packet>();
    this.#asked.set(id, answer);
    await this.#writer.drain();
    return await answer;
  }

  async #receive(): Promise<void> {
    try {
      for await (const packet of this.#reader.frames(packets)) {
        this.#isHeard = true;
        if (packet.type === PUBLISH) await this.#deliver(packet);
        else if (packet.type !== PINGRESP) this.#answered(packet);
      }
      throw new Error("The server has closed the connection");
    } catch (error) {
      if (isCancelled(error)) throw error;
      this.error = error;
      this.#end(error);
      this.#writer.abort();
    }
  }

  /** The server is told that it has come when its readers have room for it. */
  async #deliver(packet: Packet): Promise<void> {
    const { message, id } = parsePublish(packet);
    for (const { filter, queue } of this.#subscriptions) {
      if (!matches(filter, message.topic)) continue;
      this.#isHeld = queue.full;
      try {
        await queue.put(message);
      } catch (error) { // the reader has gone meanwhile
        if (!(error instanceof QueueShutDownError)) throw error;
      }
    }
    this.#isHeld = false;
    if (message.qos === 1) this.#send(encode(PUBACK, 0, uint16(id)));
  }

  #answered(packet: Packet): void {
    const id = packet.body.readUInt16BE();
    const answer = this.#asked.get(id);
    this.#asked.delete(id);
    if (answer?.done === false) answer.setResult(packet); // or given up
  }

  /** Asks the server whether it is there, and gives it up if it says nothing. */
  async #ping(ms: number): Promise<void> {
    for await (const _ of interval(ms)) {
      if (this.#writer.isClosing) return;
      if (!this.#isHeard && !this.#isHeld) {
        this.#reader.setException(new Error("The server does not answer"));
      }
      this.#isHeard = false;
      this.#send(encode(PINGREQ, 0));
    }
  }

  /** Ends all that waits for the server. */
  #end(error: unknown): void {
    for (const task of this.#tasks) task.cancel();
    for (const { queue } of this.#subscriptions) queue.shutdown();
    for (const answer of this.#asked.values()) {
      if (!answer.done) answer.setException(error);
    }
    this.#asked.clear();
  }
}

/** Starts a mosquitto, and tells two clients of it about each other. */
async function demonstrate(): Promise<void> {
  const port = freePort();
  await using server = await createSubprocessExec("mosquitto", [
    "-p",
    `${port}`,
  ], {
    stderr: PIPE,
  });
  for await (const line of server.stderr!.lines()) {
    if (line.endsWith(" running")) break;
  }
  await using client = await Mqtt.connect({ port });
  const doors = await client.subscribe("house/+/door", 1);
  await using other = await Mqtt.connect({ port });
  await other.publish("house/front/door", "open", { qos: 1 });
  await other.publish("house/front/window", "open", { qos: 1 });
  await other.publish("house/back/door", "shut", { qos: 1 });
  for await (const { topic, payload } of doors) {
    console.log(topic, new TextDecoder().decode(payload));
    if (topic === "house/back/door") break;
  }
}

async function main(address: string, topic: string, message?: string) {
  const { hostname, port } = new URL(`mqtt://${address}`);
  const options = { hostname, port: Number(port || 1883) };
  await using client = await Mqtt.connect(options);
  if (message !== undefined) {
    return await client.publish(topic, message, { qos: 1 });
  }
  const messages = await client.subscribe(topic, 1);
  console.log("subscribed");
  for await (const { topic, payload } of messages) {
    console.log(topic, new TextDecoder().decode(payload));
  }
}

if (import.meta.main) {
  const [address, topic = "#", message] = Deno.args;
  await run(address ? () => main(address, topic, message) : demonstrate);
}
