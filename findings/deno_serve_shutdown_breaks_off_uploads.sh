#!/usr/bin/env bash
# Deno 2.9.6: shutdown() of Deno.serve() breaks off a request body that is still
# coming in
#
# A good guess: shutdown() is the graceful end: requests that were begun are
# received and answered, as by server.close() of node:http in Node 20.
#
# What happens: It waits for the response, but the body cannot be read any more
# from that moment on: the handler gets BadResource in the middle of it. Every
# upload under way fails when a server is replaced.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >deno.mjs <<'CODE'
const begun = Promise.withResolvers();
async function upload(request) {
  let size = 0;
  try {
    for await (const bytes of request.body) {
      size += bytes.length;
      begun.resolve();
    }
  } catch (error) {
    return new Response(`${error.name} after ${size} bytes`);
  }
  return new Response(`received ${size} bytes`);
}
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, upload);
const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
const write = (text) => connection.write(new TextEncoder().encode(text));
await write("POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\nfirst");
await begun.promise;
const over = server.shutdown();
await write("later").catch(() => {});
const answer = await new Response(connection.readable).text();
await over;
console.log(`Deno ${Deno.version.deno}, shutdown() during an upload of 10 bytes: ${answer.split("\r\n\r\n")[1]}`);
CODE

cat >node.mjs <<'CODE'
import { once } from "node:events";
import http from "node:http";
import net from "node:net";

let begun;
const server = http.createServer(async (request, response) => {
  let size = 0;
  for await (const bytes of request) {
    size += bytes.length;
    begun();
  }
  response.end(`received ${size} bytes`);
}).listen(0, "127.0.0.1");
await once(server, "listening");
const connection = net.connect(server.address().port, "127.0.0.1").setEncoding("utf8");
const first = new Promise((resolve) => begun = resolve);
connection.write("POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\nfirst");
await first;
server.close();
connection.write("later");
let answer = "";
for await (const text of connection) answer += text;
console.log(`Node 20, close() during an upload of 10 bytes: ${answer.match(/received \d+ bytes/)?.[0]}`);
CODE

cat >expected <<'TEXT'
Deno 2.9.6, shutdown() during an upload of 10 bytes: BadResource after 5 bytes
Node 20, close() during an upload of 10 bytes: received 10 bytes
TEXT

deno run --quiet --no-lock -A deno.mjs | tee seen
node node.mjs | tee -a seen
diff expected seen
