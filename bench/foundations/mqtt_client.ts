/**
 * A client of MQTT on this package: `mqtt_client.ts PORT` waits for words.
 * `publish QOS COUNT` publishes so many messages to the topic t, with QoS 1 twenty
 * at a time, as mosquitto_pub; `receive COUNT` waits for so many.
 *
 * @module
 */
import { run } from "@asyncio/asyncio";
import { Mqtt } from "../../examples/mqtt_client.ts";

const PAYLOAD = "x".repeat(20);

await run(async () => {
  const options = { hostname: "127.0.0.1", port: Number(Deno.args[0]) };
  await using client = await Mqtt.connect(options);
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  console.log("ready 1");
  for await (const line of lines) {
    const [word, ...numbers] = line.trim().split(" ");
    const [first, second] = numbers.map(Number) as [0 | 1, number];
    if (word === "publish") await publish(client, first, second);
    else await receive(client, first);
    console.log("done 1");
  }
  Deno.exit();
});

async function publish(client: Mqtt, qos: 0 | 1, count: number): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await client.publish("t", PAYLOAD, { qos });
  };
  await Promise.all(Array.from({ length: qos === 1 ? 20 : 1 }, worker));
}

async function receive(client: Mqtt, count: number): Promise<void> {
  await using messages = await client.subscribe("t", 1);
  let left = count;
  for await (const _ of messages) if (--left === 0) break;
}
