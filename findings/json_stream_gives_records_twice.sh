#!/usr/bin/env bash
# json-stream 1.0.0: a record is given twice, or too early, depending on the
# chunks, and some values not at all
#
# A good guess: A line is a record, and how the bytes were cut into chunks does
# not matter.
#
# What happens: At the end of each chunk what is there of the line is parsed as
# well, and given if it is JSON. A record whose line feed comes in the next
# chunk is given twice; of a number also its first digits. 0, false, "" and null
# are left out everywhere.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  json-stream@1.0.0

cat >probe.mjs <<'CODE'
import jsonStream from "json-stream";
import { Readable } from "node:stream";

async function show(name, ...chunks) {
  const seen = [];
  for await (const value of Readable.from(chunks.map((text) => Buffer.from(text))).pipe(jsonStream())) seen.push(value);
  console.log(`${name}: ${JSON.stringify(seen)}`);
}
console.log("json-stream 1.0.0");
await show("one chunk                ", '{"id":1}\n{"id":2}\n');
await show("cut before the line feed ", '{"id":1}', '\n{"id":2}\n');
await show("a number in three chunks ", "1", "2", "3\n");
await show("0, false, \"\", null and 5 ", '0\nfalse\n""\nnull\n5\n');
CODE

cat >expected <<'TEXT'
json-stream 1.0.0
one chunk                : [{"id":1},{"id":2}]
cut before the line feed : [{"id":1},{"id":1},{"id":2}]
a number in three chunks : [1,12,123]
0, false, "", null and 5 : [5]
TEXT

node probe.mjs | tee seen
diff expected seen
