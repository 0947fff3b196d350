#!/usr/bin/env bash
# csv-parser 3.2.1: a chunk that ends between the CR and the LF of the header
# changes the file
#
# A good guess: How the bytes were cut into chunks does not matter: Windows line
# ends give the same rows in any chunks, as fast-csv 5.0.8 gives them.
#
# What happens: The line end is found out at the first one, from the byte behind
# the CR. If that is in the next chunk, CR alone is taken for it, to the end of
# the file: every first field begins with a line feed, and a row is added at the
# end. Saying { newline: "\r\n" } does not help. The same cut at a later line
# does no harm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  csv-parser@3.2.1 fast-csv@5.0.8

cat >probe.mjs <<'CODE'
import csv from "csv-parser";
import { parse } from "fast-csv";
import { Readable } from "node:stream";

async function rows(chunks, parser) {
  const seen = [];
  for await (const row of Readable.from(chunks.map((text) => Buffer.from(text))).pipe(parser)) seen.push({ ...row });
  return JSON.stringify(seen);
}
const whole = ["id,name\r\n1,a\r\n2,b\r\n"];
const later = ["id,name\r\n1,a\r", "\n2,b\r\n"];
const header = ["id,name\r", "\n1,a\r\n2,b\r\n"];
console.log(`csv-parser, one chunk:            ${await rows(whole, csv())}`);
console.log(`csv-parser, cut at the first row: ${await rows(later, csv())}`);
console.log(`csv-parser, cut at the header:    ${await rows(header, csv())}`);
console.log(`csv-parser, newline: "\\r\\n":      ${await rows(header, csv({ newline: "\r\n" }))}`);
console.log(`fast-csv, cut at the header:      ${await rows(header, parse({ headers: true }))}`);
CODE

cat >expected <<'TEXT'
csv-parser, one chunk:            [{"id":"1","name":"a"},{"id":"2","name":"b"}]
csv-parser, cut at the first row: [{"id":"1","name":"a"},{"id":"2","name":"b"}]
csv-parser, cut at the header:    [{"id":"\n1","name":"a"},{"id":"\n2","name":"b"},{"id":"\n"}]
csv-parser, newline: "\r\n":      [{"id":"\n1","name":"a"},{"id":"\n2","name":"b"},{"id":"\n"}]
fast-csv, cut at the header:      [{"id":"1","name":"a"},{"id":"2","name":"b"}]
TEXT

node probe.mjs | tee seen
diff expected seen
