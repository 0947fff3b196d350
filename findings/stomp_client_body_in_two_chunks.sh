#!/usr/bin/env bash
# stomp-client 0.9.0: a body that comes in two chunks ends at its first NUL, or
# never arrives
#
# A good guess: content-length says how many bytes the body has, so that it may
# hold NUL, and how the bytes were cut into chunks does not matter.
#
# What happens: The length is used only for a body that comes whole. The rest of
# a body in two chunks is searched for a NUL, and what follows the first one is
# lost. And a text that has more bytes than characters is not given to the
# subscriber if the cut lies among them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  stomp-client@0.9.0

cat >probe.mjs <<'CODE'
import { once } from "node:events";
import net from "node:net";
import StompClient from "stomp-client";

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setTimeout(done));
};
const frame = (headers, body) => Buffer.from(`MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/a\n${headers}\n${body}\0`);
async function receive(body, cut) {
  const message = frame(`content-length:${Buffer.byteLength(body)}\n`, body);
  const at = message.length - 1 - cut;
  const server = net.createServer((socket) => {
    socket.setNoDelay().on("error", () => {}).on("data", async (chunk) => {
      if (String(chunk).startsWith("CONNECT")) socket.write("CONNECTED\nversion:1.1\nsession:1\n\n\0");
      if (!String(chunk).includes("SUBSCRIBE")) return;
      socket.write(message.subarray(0, at));
      await turns();
      socket.write(message.subarray(at));
      await turns();
      server.emit("sent");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new StompClient("127.0.0.1", server.address().port, "", "", "1.1");
  client.on("error", () => {});
  const bodies = [];
  client.connect(() => client.subscribe("/a", (received) => bodies.push(received)));
  await once(server, "sent");
  await turns();
  console.log(`stomp-client 0.9.0: ${JSON.stringify(body)}, cut ${cut} bytes before its end: ${JSON.stringify(bodies)}`);
  client.disconnect();
  server.close();
}
await receive("hello", 3);
await receive("a\0b\0c", 5);
await receive("a\0b\0c", 3);
await receive("naïve", 6);
await receive("naïve", 3);
process.exit();
CODE

cat >expected <<'TEXT'
stomp-client 0.9.0: "hello", cut 3 bytes before its end: ["hello"]
stomp-client 0.9.0: "a\u0000b\u0000c", cut 5 bytes before its end: ["a\u0000b\u0000c"]
stomp-client 0.9.0: "a\u0000b\u0000c", cut 3 bytes before its end: ["a"]
stomp-client 0.9.0: "naïve", cut 6 bytes before its end: ["naïve"]
stomp-client 0.9.0: "naïve", cut 3 bytes before its end: []
TEXT

node probe.mjs | tee seen
diff expected seen
