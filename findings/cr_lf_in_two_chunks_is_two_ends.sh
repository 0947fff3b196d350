#!/usr/bin/env bash
# parse-sse 0.1.0, extended-eventsource 2.1.0, stompit 1.0.0: a CR and an LF
# that come in two chunks end two lines
#
# A good guess: How the bytes were cut into chunks does not matter. CR LF is one
# line end, in server-sent events and in STOMP 1.2, and a parser that has seen
# the CR alone waits for what follows it.
#
# What happens: A chunk that ends with the CR ends the line, and the LF of the
# next chunk is an empty line: an event of two lines arrives as two events
# (extended-eventsource adds empty ones), and a header of a STOMP message gets
# the CR into its value. eventsource-parser gives one event.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  parse-sse@0.1.0 extended-eventsource@2.1.0 stompit@1.0.0 \
  eventsource-parser@4.1.3

cat >probe.mjs <<'CODE'
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { createParser } from "eventsource-parser";
import { EventSource } from "extended-eventsource";
import { parseServerSentEvents } from "parse-sse";
import stompit from "stompit";

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setTimeout(done));
};
const cutAfterCr = (text) => text.split(/(?<=\r)/).map((part) => new TextEncoder().encode(part));
async function* slowly(parts) {
  for (const part of parts) {
    yield part;
    await turns();
  }
}
const EVENT = "data: one\r\ndata: two\r\n\r\n";
const lists = { "one chunk": [new TextEncoder().encode(EVENT)], "cut after each CR": cutAfterCr(EVENT) };
const show = (name, how, events) => console.log(`${name}, ${how}: ${JSON.stringify(events)}`);

for (const [how, parts] of Object.entries(lists)) {
  const events = [];
  const parser = createParser({ onEvent: (event) => events.push(event.data) });
  for (const part of parts) parser.feed(new TextDecoder().decode(part));
  show("eventsource-parser 4.1.3", how, events);
}
for (const [how, parts] of Object.entries(lists)) {
  const events = [];
  const response = new Response(ReadableStream.from(parts), { headers: { "content-type": "text/event-stream" } });
  for await (const event of parseServerSentEvents(response)) events.push(event.data);
  show("parse-sse 0.1.0", how, events);
}
for (const [how, parts] of Object.entries(lists)) {
  const server = http.createServer(async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    await turns();
    for await (const part of slowly(parts)) response.write(part);
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const events = [];
  const source = new EventSource(`http://127.0.0.1:${server.address().port}`, { disableRetry: true });
  source.onmessage = (event) => events.push(event.data);
  await new Promise((done) => source.onerror = done);
  source.close();
  server.close();
  show("extended-eventsource 2.1.0", how, events);
}

const MESSAGE = "MESSAGE\r\nsubscription:1\r\nmessage-id:1\r\ndestination:/a\r\n\r\nhello\0";
const at = MESSAGE.indexOf("\r\n\r\n") + 1;
for (const [how, parts] of [["one chunk", [MESSAGE]], ["cut after one CR", [MESSAGE.slice(0, at), MESSAGE.slice(at)]]]) {
  const server = net.createServer((socket) => {
    socket.setNoDelay().on("error", () => {}).on("data", async (chunk) => {
      if (String(chunk).startsWith("CONNECT")) socket.write("CONNECTED\nversion:1.2\n\n\0");
      if (String(chunk).includes("SUBSCRIBE")) for await (const part of slowly(parts)) socket.write(part);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stompit.connect({ host: "127.0.0.1", port: server.address().port }, (_error, client) => {
    client.on("error", () => {});
    client.subscribe({ destination: "/a" }, (_error, message) => server.emit("message", message));
  });
  const [message] = await once(server, "message");
  show("stompit 1.0.0, destination", how, message.headers.destination);
  server.close();
}
process.exit();
CODE

cat >expected <<'TEXT'
eventsource-parser 4.1.3, one chunk: ["one\ntwo"]
eventsource-parser 4.1.3, cut after each CR: ["one\ntwo"]
parse-sse 0.1.0, one chunk: ["one\ntwo"]
parse-sse 0.1.0, cut after each CR: ["one","two"]
extended-eventsource 2.1.0, one chunk: ["one\ntwo"]
extended-eventsource 2.1.0, cut after each CR: ["one","two","",""]
stompit 1.0.0, destination, one chunk: "/a"
stompit 1.0.0, destination, cut after one CR: "/a\r"
TEXT

node probe.mjs | tee seen
diff expected seen
