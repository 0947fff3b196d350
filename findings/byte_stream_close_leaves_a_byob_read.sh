#!/usr/bin/env bash
# Web Streams (Node 20, Deno 2.9.6, as the standard says): close() of a byte
# stream does not end a read into memory of one's own
#
# A good guess: controller.close() ends every pending read with done: true, as it
# does for a default reader of the same stream.
#
# What happens: A read(view) of a BYOB reader stays pending, since the memory that
# it has lent to the stream has to be given back: this takes
# controller.byobRequest.respond(0) behind close(). A source that was written
# for default readers, and forgets it, keeps such a reader waiting.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node";
const turn = () => new Promise((done) => setTimeout(done));
async function show(name, mode, end) {
  let controller;
  const stream = new ReadableStream({ type: "bytes", start: (given) => void (controller = given) });
  const reader = stream.getReader(mode);
  let state = "pending";
  (mode ? reader.read(new Uint8Array(4)) : reader.read()).then(({ done }) => state = `done: ${done}`);
  await turn();
  end(controller);
  await turn();
  console.log(`${runtime}, ${name}: ${state}`);
}
await show("default reader, close()", undefined, (controller) => controller.close());
await show("BYOB reader, close()", { mode: "byob" }, (controller) => controller.close());
await show("BYOB reader, close() and respond(0)", { mode: "byob" }, (controller) => {
  controller.close();
  controller.byobRequest.respond(0);
});
CODE

cat >expected <<'TEXT'
Node, default reader, close(): done: true
Node, BYOB reader, close(): pending
Node, BYOB reader, close() and respond(0): done: true
Deno 2.9.6, default reader, close(): done: true
Deno 2.9.6, BYOB reader, close(): pending
Deno 2.9.6, BYOB reader, close() and respond(0): done: true
TEXT

{ node probe.mjs; deno run --quiet probe.mjs; } | tee seen
diff expected seen
