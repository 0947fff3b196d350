#!/usr/bin/env bash
# @nats-io/nats-core 3.4.0: two servers that refuse the password keep the third
# from being tried
#
# A good guess: connect() tries every server of the list: one that was replaced,
# or has the old password, is passed over.
#
# What happens: A refused authentication is passed over once. The second one in
# a row ends connect() with "Authorization Violation", and the servers behind it
# are never asked. Servers that cannot be reached may be as many as they like.
# (ignoreAuthErrorAbort: true changes it.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @nats-io/transport-node@3.4.0

cat >probe.mjs <<'CODE'
import { once } from "node:events";
import net from "node:net";
import { connect } from "@nats-io/transport-node";

const INFO = 'INFO {"server_id":"S","version":"2.11.0","proto":1,"headers":true,"max_payload":1048576,"auth_required":true}\r\n';
async function server(accepts) {
  const it = net.createServer((socket) => {
    it.asked = true;
    socket.on("error", () => {});
    socket.write(INFO);
    socket.on("data", (chunk) => {
      if (!accepts) socket.end("-ERR 'Authorization Violation'\r\n");
      else if (String(chunk).includes("PING")) socket.write("PONG\r\n");
    });
  }).listen(0, "127.0.0.1");
  it.asked = false;
  await once(it, "listening");
  return it;
}
async function attempt(options) {
  const all = [await server(false), await server(false), await server(true)];
  const outcome = await connect({
    servers: all.map((it) => `127.0.0.1:${it.address().port}`),
    noRandomize: true,
    reconnectTimeWait: 1,
    ...options,
  }).then(async (connection) => {
    await connection.close();
    return "connected";
  }, (error) => error.message);
  console.log(`@nats-io/nats-core 3.4.0 ${JSON.stringify(options)}: ${outcome}; third server ${all[2].asked ? "asked" : "never asked"}`);
  for (const it of all) it.close();
}
await attempt({});
await attempt({ ignoreAuthErrorAbort: true });
process.exit();
CODE

cat >expected <<'TEXT'
@nats-io/nats-core 3.4.0 {}: Authorization Violation; third server never asked
@nats-io/nats-core 3.4.0 {"ignoreAuthErrorAbort":true}: connected; third server asked
TEXT

node probe.mjs | tee seen
diff expected seen
