#!/usr/bin/env bash
# redis 5.12.1: destroy() throws once close() was called, and the connection
# stays
#
# A good guess: close() waits for the replies that are under way, and destroy()
# after a while ends the rest: a graceful end with a limit.
#
# What happens: destroy() rejects the commands that wait, and then throws "The
# client is closed", since close() has marked it so. The socket is not closed,
# the promise of close() never settles, and the program does not end: a server
# that no longer answers holds it. Without close() before it, destroy() closes
# the socket.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  redis@5.12.1

cat >probe.mjs <<'CODE'
import { once } from "node:events";
import net from "node:net";
import process from "node:process";
import { createClient } from "redis";

const turns = async () => {
  for (let i = 0; i < 100; i++) await new Promise((done) => setTimeout(done));
};
/** Answers everything but GET. */
const server = net.createServer((socket) => {
  server.open = true;
  socket.on("error", () => {}).on("close", () => server.open = false);
  socket.on("data", (chunk) => {
    for (const command of String(chunk).split(/(?=\*\d+\r\n)/)) {
      if (command.includes("HELLO")) socket.write("%1\r\n$5\r\nproto\r\n:3\r\n");
      else if (!command.includes("GET")) socket.write("+OK\r\n");
    }
  });
}).listen(0, "127.0.0.1");
await once(server, "listening");

for (const graceful of [false, true]) {
  const client = createClient({ url: `redis://127.0.0.1:${server.address().port}`, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  const states = { "GET": "waits", "close()": graceful ? "waits" : "not called", "destroy()": "returned" };
  const watch = (name, promise) => promise.then(() => states[name] = "resolved", () => states[name] = "rejected");
  watch("GET", client.get("key"));
  await turns();
  if (graceful) watch("close()", client.close());
  await turns();
  try {
    client.destroy();
  } catch (error) {
    states["destroy()"] = `threw "${error.message}"`;
  }
  await turns();
  console.log(`redis 5.12.1: ${Object.entries(states).map((state) => state.join(" ")).join(", ")}; the socket is ${server.open ? "open" : "closed"}`);
}
process.exit();
CODE

cat >expected <<'TEXT'
redis 5.12.1: GET rejected, close() not called, destroy() returned; the socket is closed
redis 5.12.1: GET rejected, close() waits, destroy() threw "The client is closed"; the socket is open
TEXT

node probe.mjs | tee seen
diff expected seen
