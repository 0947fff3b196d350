#!/usr/bin/env bash
# Deno 2.9.6: the signal of Deno.serve() cannot end what shutdown() waits for
#
# A good guess: shutdown() ends gracefully, and aborting the `signal` after a
# while ends the rest: a graceful end with a limit.
#
# What happens: Once shutdown() was called, an abort raises an uncaught
# BadResource, and nothing is ended: the server goes on waiting for its last
# response until the client leaves.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
const controller = new AbortController();
const uncaught = new Promise((resolve) => {
  addEventListener("error", (event) => {
    event.preventDefault();
    resolve(event.error.name);
  });
});
let ended = "goes on";
const body = () => new ReadableStream({ start: (it) => it.enqueue(new Uint8Array(1)) });
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, signal: controller.signal, onListen() {} },
  () => new Response(body()),
);
const response = await fetch(`http://127.0.0.1:${server.addr.port}`);
server.finished.then(() => ended = "has ended");
server.shutdown();
await new Promise((done) => setTimeout(done));
controller.abort();
console.log(`Deno ${Deno.version.deno}: abort after shutdown(): uncaught ${await uncaught}`);
for (let i = 0; i < 100; i++) await new Promise((done) => setTimeout(done));
console.log(`the server ${ended}`);
await response.body.cancel();
await server.finished;
console.log(`the client left: the server ${ended}`);
CODE

cat >expected <<'TEXT'
Deno 2.9.6: abort after shutdown(): uncaught BadResource
the server goes on
the client left: the server has ended
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
