#!/usr/bin/env bash
# node:readline of Deno 2.9.6: a line of JSON that has U+2028 in a string is cut
# in two
#
# A good guess: Lines end at a line feed, a carriage return or both, as in Node
# 20. JSON.stringify() leaves U+2028 and U+2029 in strings as they are, so a
# file of JSON lines can hold them.
#
# What happens: Deno takes both for line ends, in readline.createInterface() and
# in readLines() of node:fs/promises: such a record becomes two lines that are
# no JSON. TextLineStream of @std/streams does not cut there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  deno-std@1.3.4

cat >probe.mjs <<'CODE'
import { writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import readline from "node:readline";
import { Readable } from "node:stream";
import { TextLineStream } from "deno-std/streams/text_line_stream.js";

const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node 20";
const text = JSON.stringify({ text: "one\u2028two" }) + "\n";
writeFileSync("records", text);
async function show(name, lines) {
  let count = 0;
  for await (const _ of lines) count++;
  console.log(`${runtime}, one record, ${name}: ${count} ${count === 1 ? "line" : "lines"}`);
}
await show("createInterface", readline.createInterface({ input: Readable.from([text]), crlfDelay: Infinity }));
await show("readLines", (await open("records")).readLines());
await show("TextLineStream", ReadableStream.from([text]).pipeThrough(new TextLineStream()));
CODE

cat >expected <<'TEXT'
Node 20, one record, createInterface: 1 line
Node 20, one record, readLines: 1 line
Node 20, one record, TextLineStream: 1 line
Deno 2.9.6, one record, createInterface: 2 lines
Deno 2.9.6, one record, readLines: 2 lines
Deno 2.9.6, one record, TextLineStream: 1 line
TEXT

{ node probe.mjs; deno run --quiet -A probe.mjs; } | tee seen
diff expected seen
