#!/usr/bin/env bash
# node:dgram of Deno 2.9.6: an exception in a "message" listener disappears
#
# A good guess: It is an uncaught exception, as in Node, and as in a "data"
# listener of node:net.
#
# What happens: No event tells of it, the socket goes on, and the program too: a
# fault in a handler of datagrams looks like datagrams that were lost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";

const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node";
const uncaught = [];
process.on("uncaughtException", (error) => uncaught.push(error.message));

const receiver = dgram.createSocket("udp4").bind(0, "127.0.0.1");
await once(receiver, "listening");
let calls = 0;
const twice = new Promise((resolve) => {
  receiver.on("message", () => {
    if (++calls === 2) resolve();
    throw new Error("datagram");
  });
});
const sender = dgram.createSocket("udp4");
const send = () => new Promise((done) => sender.send("x", receiver.address().port, "127.0.0.1", done));
await send();
await send();
await twice;

const server = net.createServer((socket) => socket.end("x")).listen(0, "127.0.0.1");
await once(server, "listening");
const client = net.connect(server.address().port, "127.0.0.1");
client.on("data", () => {
  throw new Error("stream");
});
await new Promise((done) => client.on("close", done));
await new Promise((done) => setTimeout(done));
sender.close();
receiver.close();
server.close();
console.log(`${runtime}: uncaught in two datagrams and a stream: ${uncaught.join(", ")}`);
CODE

cat >expected <<'TEXT'
Node: uncaught in two datagrams and a stream: datagram, datagram, stream
Deno 2.9.6: uncaught in two datagrams and a stream: stream
TEXT

{ node probe.mjs; deno run --quiet -A probe.mjs; } | tee seen
diff expected seen
