#!/usr/bin/env bash
# @nats-io/nats-core 3.4.0: requestMany() gives more than maxMessages
#
# A good guess: With maxMessages: 2 the sequence ends after two answers.
#
# What happens: maxMessages counts only with strategy: "count". Without it the
# strategy is "timer": all answers that come within maxWait are given, and the
# sequence always takes that long.
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
  @nats-io/transport-node@3.4.0

cat >probe.mjs <<'CODE'
import { connect } from "@nats-io/transport-node";

const connection = await connect({ servers: process.argv[2] });
for (let i = 0; i < 5; i++) {
  connection.subscribe("service", { callback: (_, message) => message.respond(String(i)) });
}
await connection.flush();
for (const options of [{ maxMessages: 2 }, { maxMessages: 2, strategy: "count" }]) {
  const answers = [];
  for await (const answer of await connection.requestMany("service", "", { ...options, maxWait: 1000 })) {
    answers.push(answer.string());
  }
  console.log(`@nats-io/nats-core 3.4.0, 5 services, ${JSON.stringify(options)}: ${answers.length} answers`);
}
await connection.close();
CODE

cat >expected <<'TEXT'
@nats-io/nats-core 3.4.0, 5 services, {"maxMessages":2}: 5 answers
@nats-io/nats-core 3.4.0, 5 services, {"maxMessages":2,"strategy":"count"}: 2 answers
TEXT

node probe.mjs "$(grep -o '127.0.0.1:[0-9]*' nats-server_*.ports | head -n1)" | tee seen
diff expected seen
