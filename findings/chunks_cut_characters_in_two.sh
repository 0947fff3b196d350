#!/usr/bin/env bash
# byline 5.0.0, replacestream 4.0.3, readline-transform 2.0.0: a character that
# lies on the border of two chunks is destroyed
#
# A good guess: A stream that takes bytes and works on text keeps the first
# bytes of a character until the others come, as split2 4.2.0 and split 1.0.1
# do: chunks of a file or a socket end anywhere.
#
# What happens: Each chunk is decoded by itself. Both halves become U+FFFD, in
# text that has no match for replacestream too. It happens once in a while, as
# the file or the network will have it, and with ASCII never. (A source that has
# an encoding of its own gives whole characters.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  byline@5.0.0 replacestream@4.0.3 readline-transform@2.0.0 split2@4.2.0 split@1.0.1

cat >probe.mjs <<'CODE'
import byline from "byline";
import ReadlineTransform from "readline-transform";
import replaceStream from "replacestream";
import split from "split";
import split2 from "split2";
import { Readable } from "node:stream";

const bytes = Buffer.from("grün\nblau\n");
async function show(name, transform) {
  const source = Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]);
  const seen = await new Promise((resolve) => {
    const parts = [];
    source.pipe(transform).on("data", (part) => parts.push(String(part))).on("end", () => resolve(parts));
  });
  console.log(`${name}: ${JSON.stringify(seen.join("|"))}`);
}
await show("byline 5.0.0            ", byline.createStream());
await show("readline-transform 2.0.0", new ReadlineTransform());
await show("replacestream 4.0.3     ", replaceStream("gelb", "rot"));
await show("split2 4.2.0            ", split2());
await show("split 1.0.1             ", split(undefined, undefined, { trailing: false }));
CODE

cat >expected <<'TEXT'
byline 5.0.0            : "gr��n|blau"
readline-transform 2.0.0: "gr��n|blau"
replacestream 4.0.3     : "gr��n\nb|lau\n"
split2 4.2.0            : "grün|blau"
split 1.0.1             : "grün|blau"
TEXT

node probe.mjs | tee seen
diff expected seen
