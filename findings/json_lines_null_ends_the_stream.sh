#!/usr/bin/env bash
# split2 4.2.0, ndjson 2.0.0: a line that says null fails the stream
#
# A good guess: `null` is a JSON value like `0` and `false`: a stream of JSON
# lines gives it, or at least goes on with the next line.
#
# What happens: The parsed null is pushed into the Node stream, where null means
# the end. The stream ends after the values before it, and the line after it
# raises "stream.push() after EOF". Later lines are lost. A line that is the
# last one ends the stream without any error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  split2@4.2.0 ndjson@2.0.0

cat >probe.mjs <<'CODE'
import ndjson from "ndjson";
import split from "split2";

async function read(name, stream, text) {
  const seen = [];
  stream.on("data", (value) => seen.push(value));
  const closed = new Promise((resolve) => {
    stream.on("end", () => resolve("end"));
    stream.on("error", (error) => resolve(`error "${error.message}"`));
  });
  stream.end(text);
  console.log(`${name}, ${JSON.stringify(text)}: ${JSON.stringify(seen)}, then ${await closed}`);
}
await read("split2(JSON.parse)", split(JSON.parse), "0\nfalse\n1\n");
await read("split2(JSON.parse)", split(JSON.parse), "0\nnull\n1\n");
await read("ndjson.parse()", ndjson.parse(), "0\nnull\n1\n");
CODE

cat >expected <<'TEXT'
split2(JSON.parse), "0\nfalse\n1\n": [0,false,1], then end
split2(JSON.parse), "0\nnull\n1\n": [0], then error "stream.push() after EOF"
ndjson.parse(), "0\nnull\n1\n": [0], then error "stream.push() after EOF"
TEXT

node probe.mjs | tee seen
diff expected seen
