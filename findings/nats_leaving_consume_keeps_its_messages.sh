#!/usr/bin/env bash
# @nats-io/jetstream 3.4.0: leaving the loop of consume() or fetch() keeps the
# messages that were fetched ahead
#
# A good guess: `break` gives back what was fetched and not handed over, so that
# another consumer gets it at once.
#
# What happens: They stay with the consumer that has gone, as delivered and not
# acknowledged, until ack_wait is over (30 seconds if nothing else is said):
# after one message of a thousand, 99 of the first 100 are missing for everybody
# else that long, and count as a delivery.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v nats-server >/dev/null || { echo "needs Debian's nats-server"; exit 1; }
nats-server --addr 127.0.0.1 --port -1 --ports_file_dir "$folder" --jetstream \
  --store_dir "$folder/store" >server.log 2>&1 &
server=$!
trap 'kill "$server"; wait "$server" || true; rm -rf "$folder"' EXIT
until ls nats-server_*.ports >/dev/null 2>&1; do sleep 0.1; done
npm install --silent --no-audit --no-fund --ignore-scripts \
  @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0

cat >probe.mjs <<'CODE'
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const connection = await connect({ servers: process.argv[2] });
const manager = await jetstreamManager(connection);
await manager.streams.add({ name: "JOBS", subjects: ["jobs"] });
const stream = jetstream(connection);
for (let i = 0; i < 10; i++) await stream.publish("jobs", String(i));

for (const kind of ["fetch", "consume"]) {
  await manager.consumers.add("JOBS", { durable_name: kind, ack_policy: AckPolicy.Explicit });
  const consumer = await stream.consumers.get("JOBS", kind);
  for await (const message of await consumer[kind]({ max_messages: 10 })) {
    // All ten have been fetched before the loop is left.
    while ((await consumer.info()).num_pending > 0);
    await message.ackAck();
    break;
  }
  const { num_pending, num_ack_pending } = await consumer.info();
  const next = await consumer.next({ expires: 1000 });
  console.log(
    `@nats-io/jetstream 3.4.0, left ${kind}() after 1 of 10: ${num_pending} to be had, ` +
      `${num_ack_pending} kept; the next consumer gets ${next === null ? "nothing" : next.string()}`,
  );
}
await connection.close();
CODE

cat >expected <<'TEXT'
@nats-io/jetstream 3.4.0, left fetch() after 1 of 10: 0 to be had, 9 kept; the next consumer gets nothing
@nats-io/jetstream 3.4.0, left consume() after 1 of 10: 0 to be had, 9 kept; the next consumer gets nothing
TEXT

node probe.mjs "$(grep -o '127.0.0.1:[0-9]*' nats-server_*.ports | head -n1)" | tee seen
diff expected seen
