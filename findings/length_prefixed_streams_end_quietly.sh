#!/usr/bin/env bash
# frame-stream 4.0.1, length-prefixed-stream 2.0.0: a message that is cut off is
# no error
#
# A good guess: A decoder whose input ends in the middle of a message fails, as
# it-length-prefixed 11.0.1 does: the peer was lost.
#
# What happens: Both end as if all had come: the bytes of the last message are
# dropped, "end" is emitted, and pipeline() succeeds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  frame-stream@4.0.1 length-prefixed-stream@2.0.0 it-length-prefixed@11.0.1

cat >probe.mjs <<'CODE'
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import frames from "frame-stream";
import * as iterable from "it-length-prefixed";
import prefixed from "length-prefixed-stream";

async function decode(name, decoder, bytes) {
  const seen = [];
  const sink = new Writable({ write: (message, _, done) => (seen.push(String(message)), done()) });
  const end = await pipeline(Readable.from([bytes]), decoder, sink)
    .then(() => "success", (error) => `error "${error.message}"`);
  console.log(`${name}: ${JSON.stringify(seen)}, then ${end}`);
}
// "ab", and then two of the five bytes that the second prefix promises.
await decode("frame-stream", frames.decode(), Buffer.from([0, 0, 0, 2, 97, 98, 0, 0, 0, 5, 99, 100]));
await decode("length-prefixed-stream", prefixed.decode(), Buffer.from([2, 97, 98, 5, 99, 100]));
const seen = [];
try {
  for await (const message of iterable.decode([Uint8Array.of(2, 97, 98, 5, 99, 100)])) {
    seen.push(new TextDecoder().decode(message.subarray()));
  }
} catch (error) {
  console.log(`it-length-prefixed: ${JSON.stringify(seen)}, then error "${error.message}"`);
}
CODE

cat >expected <<'TEXT'
frame-stream: ["ab"], then success
length-prefixed-stream: ["ab"], then success
it-length-prefixed: ["ab"], then error "Unexpected end of input"
TEXT

node probe.mjs | tee seen
diff expected seen
