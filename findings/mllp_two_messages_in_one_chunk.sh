#!/usr/bin/env bash
# simple-hl7 3.3.0, hl7v2-net 1.9.0: HL7 servers that want a chunk for each
# message
#
# A good guess: MLLP puts a frame around each HL7 message (0x0B in front, 0x1C
# 0x0D behind), because TCP keeps no borders: the server finds two messages in
# one chunk, gives each to its handler, and acknowledges each.
#
# What happens: simple-hl7 looks at the end of the chunk alone, and makes one
# message of the two: it has the records of both patients, and is acknowledged
# as the first. hl7v2-net gives both to the handler, and acknowledges the first
# alone: its sender sends the second again, and that work is done twice.
# (@medplum/hl7 5.0.10 does it well; 4.5.2 lost the second message.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps \
  simple-hl7@3.3.0 hl7v2@1.9.0 hl7v2-dictionary@1.8.0 hl7v2-net@1.9.0

cat >probe.mjs <<'CODE'
import { Buffer } from "node:buffer";
import { connect, createServer } from "node:net";
import process from "node:process";
import { HL7Server } from "hl7v2-net";
import simple from "simple-hl7";

const turns = async (n) => {
  for (let i = 0; i < n; i++) await new Promise((done) => setTimeout(done, 5));
};
const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
const frame = (id, name) =>
  `\x0bMSH|^~\\&|A|B|C|D|20260105030405||ADT^A01|${id}|P|2.5\rPID|1||${id}||${name}\r\x1c\r`;

async function show(name, start) {
  const port = await freePort(), messages = [], acks = [];
  await start(port, messages);
  await turns(10);
  const socket = connect(port, "127.0.0.1");
  socket.on("data", (data) => acks.push(...data.toString().matchAll(/MSA\|AA\|(\d+)/g)));
  socket.write(Buffer.from(frame(1, "Doe") + frame(2, "Roe")));
  await turns(20);
  console.log(`${name}: messages ${messages.join(", ")}; acknowledged ${acks.map((found) => found[1]).join(", ")}`);
  socket.destroy();
}
await show("simple-hl7 3.3.0", (port, messages) => {
  const app = simple.tcp();
  app.use((request, response) => {
    const patients = request.msg.segments.filter((segment) => segment.name === "PID");
    messages.push(patients.map((segment) => segment.getField(5).toString()).join("+"));
    response.end();
  });
  app.start(port);
});
await show("hl7v2-net 1.9.0", (port, messages) => {
  const server = HL7Server.createServer();
  server.use((request) => void messages.push(request.message.getSegment("PID").field(5).getValue()));
  return server.listen(port);
});
process.exit();
CODE

cat >expected <<'TEXT'
simple-hl7 3.3.0: messages Doe+Roe; acknowledged 1
hl7v2-net 1.9.0: messages Doe, Roe; acknowledged 1
TEXT

node probe.mjs | tee seen
diff expected seen
