#!/usr/bin/env bash
# node-hl7-server 2.5.0: each message of a connection brings back the ones before
# it
#
# A good guess: The handler gets each HL7 message once, however many a client
# sends over one connection, and each is acknowledged once.
#
# What happens: The text of a connection is never emptied: the second message is
# put behind the first, and both are given to the handler, with the third all
# three. Each repetition is acknowledged again. Only a client that opens a
# connection for each message, which MLLP clients do not do, gets each done once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  node-hl7-client@2.3.1 node-hl7-server@2.5.0

cat >probe.mjs <<'CODE'
import { connect, createServer } from "node:net";
import process from "node:process";
import { Server } from "node-hl7-server";

const port = await new Promise((done) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const given = [], acks = [];
const server = new Server({ bindAddress: "127.0.0.1" });
const inbound = server.createInbound({ port }, async (request, response) => {
  given.push(request.getMessage().get("PID.5").toString());
  await response.sendResponse("AA");
});
await new Promise((done) => inbound.on("listen", done));

const socket = connect(port, "127.0.0.1");
let answered = () => {};
socket.on("data", (data) => {
  for (const [, id] of data.toString().matchAll(/MSA\|AA\|(\d+)/g)) {
    acks.push(id);
    answered(id);
  }
});
for (const [at, name] of ["Doe", "Roe", "Poe"].entries()) {
  given.length = acks.length = 0;
  // The acknowledgement of the message itself is the last of its answers.
  const done = new Promise((resolve) => answered = (id) => id === `${at + 1}` && resolve());
  socket.write(`\x0bMSH|^~\\&|A|B|C|D|20260105030405||ADT^A01|${at + 1}|P|2.5\rPID|1||${at + 1}||${name}\r\x1c\r`);
  await done;
  console.log(`node-hl7-server 2.5.0, sent ${name}: handled ${given.join(", ")}; acknowledged ${acks.join(", ")}`);
}
process.exit();
CODE

cat >expected <<'TEXT'
node-hl7-server 2.5.0, sent Doe: handled Doe; acknowledged 1
node-hl7-server 2.5.0, sent Roe: handled Doe, Roe; acknowledged 1, 2
node-hl7-server 2.5.0, sent Poe: handled Doe, Roe, Poe; acknowledged 1, 2, 3
TEXT

node probe.mjs | tee seen
diff expected seen
