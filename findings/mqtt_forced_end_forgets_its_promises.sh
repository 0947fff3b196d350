#!/usr/bin/env bash
# mqtt 5.16.0: after endAsync(true) the promises of publishAsync() never settle
#
# A good guess: A message that is given up rejects: with the connection closed
# its promise has to say whether the broker has it.
#
# What happens: end(true) closes the connection and drops what is under way,
# without a word: a program that awaits the publish waits for ever. (Ending a
# client whose connection is not there yet leaves the promise of endAsync()
# itself open.) When the connection is lost first, end(true) rejects them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  mqtt@5.16.0 aedes@1.2.0

cat >probe.mjs <<'CODE'
import { once } from "node:events";
import net from "node:net";
import { Aedes } from "aedes";
import mqtt from "mqtt";

const broker = await Aedes.createBroker();
const server = net.createServer(broker.handle).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `mqtt://127.0.0.1:${server.address().port}`;
async function publish(name, end) {
  const client = mqtt.connect(url);
  await once(client, "connect");
  let state = "neither resolved nor rejected";
  const published = client.publishAsync("topic", "message", { qos: 1 });
  published.then(() => state = "resolved", () => state = "rejected");
  await end(client);
  for (let i = 0; i < 200; i++) await new Promise((done) => setTimeout(done));
  console.log(`mqtt 5.16.0, ${name}: the publish was ${state}`);
}
await publish("endAsync()", (client) => client.endAsync());
await publish("endAsync(true)", (client) => client.endAsync(true));
process.exit();
CODE

cat >expected <<'TEXT'
mqtt 5.16.0, endAsync(): the publish was resolved
mqtt 5.16.0, endAsync(true): the publish was neither resolved nor rejected
TEXT

node probe.mjs | tee seen
diff expected seen
