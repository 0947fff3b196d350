#!/usr/bin/env bash
# Deno 2.9.6: url, method and headers of a request throw once it was answered
#
# A good guess: A Request is a plain object: what comes after the response (an
# access log, a task in the background) can read its URL.
#
# What happens: Of Deno.serve() it is a view of the connection: when the
# response has gone, request.url, request.method, request.headers and
# info.remoteAddr throw "Request closed", also in info.completed, which is there
# for that moment. What was read before the response stays readable.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
const seen = [];
const read = (name, get) => {
  try {
    seen.push(`${name}: ${get()}`);
  } catch (error) {
    seen.push(`${name}: ${error.name} "${error.message}"`);
  }
};
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request, info) => {
  info.completed.then(() => {
    read("request.method", () => request.method);
    read("request.url", () => new URL(request.url).pathname);
    read("request.headers", () => request.headers.get("accept"));
    read("info.remoteAddr", () => info.remoteAddr.hostname);
  });
  return new Response("answer");
});
await (await fetch(`http://127.0.0.1:${server.addr.port}/path`)).text();
await server.shutdown();
console.log(`Deno ${Deno.version.deno}, in info.completed:`);
for (const line of seen) console.log(line);
CODE

cat >expected <<'TEXT'
Deno 2.9.6, in info.completed:
request.method: TypeError "Request closed"
request.url: TypeError "Request closed"
request.headers: TypeError "Request closed"
info.remoteAddr: TypeError "Request closed"
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
