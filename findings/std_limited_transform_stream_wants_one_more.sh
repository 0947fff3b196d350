#!/usr/bin/env bash
# LimitedTransformStream of @std/streams (npm deno-std 1.3.4): the end comes
# only with the chunk after the last one
#
# A good guess: With a limit of 2 the stream ends after two chunks, and cancels
# its source.
#
# What happens: Nothing is done at the second chunk. The reader waits for an end
# until the source gives a third chunk, which is swallowed: with a source that
# falls silent, it waits as long as that does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  deno-std@1.3.4

cat >probe.mjs <<'CODE'
import { LimitedTransformStream } from "deno-std/streams/limited_transform_stream.js";

let controller;
const source = new ReadableStream({ start: (it) => void (controller = it), cancel: () => console.log("source cancelled") });
const reader = source.pipeThrough(new LimitedTransformStream(2)).getReader();
console.log(`@std/streams of deno-std 1.3.4 on Deno ${Deno.version.deno}, limit 2`);
controller.enqueue("one");
controller.enqueue("two");
console.log("read", (await reader.read()).value);
console.log("read", (await reader.read()).value);
let state = "still waits";
const end = reader.read().then(({ done }) => state = done ? "tells the end" : "gives a chunk");
for (let i = 0; i < 50; i++) await new Promise((done) => setTimeout(done));
console.log("third read", state);
controller.enqueue("three");
await end;
console.log("after a third chunk it", state);
CODE

cat >expected <<'TEXT'
@std/streams of deno-std 1.3.4 on Deno 2.9.6, limit 2
read one
read two
third read still waits
after a third chunk it tells the end
source cancelled
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
