#!/usr/bin/env bash
# nsyslog-parser 0.10.1: structured data without parameters, or with a quote in
# one, is taken for the message
#
# A good guess: Structured data of RFC 5424 are read as the RFC writes them:
# `[id]` is an element without parameters, `\"` a quote inside of a value, and
# "-" means that a field has no value, as for "glossy" 0.1.7.
#
# What happens: Such elements are found at the beginning of the message, and
# structuredData is empty. `\]` is kept with its backslash. Fields without a
# value are the text "-", and a message without a time gets that of the parsing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  nsyslog-parser@0.10.1 glossy@0.1.7

cat >probe.mjs <<'CODE'
import glossy from "glossy";
import parse from "nsyslog-parser";

for (const data of ['[a@1 x="1"]', "[a@1]", '[a@1 x="say \\"hi\\""]', '[a@1 x="[1\\]"]']) {
  const line = `<165>1 2026-01-05T03:04:05.006Z host app - - ${data} hello`;
  const one = parse(line);
  const other = glossy.Parse.parse(line);
  console.log(data);
  console.log(`  nsyslog-parser: ${JSON.stringify([one.structuredData, one.message, one.pid])}`);
  console.log(`  glossy: ${JSON.stringify([other.structuredData, other.message, other.pid])}`);
}
CODE

cat >expected <<'TEXT'
[a@1 x="1"]
  nsyslog-parser: [[{"$id":"a@1","x":"1"}],"hello","-"]
  glossy: [{"a@1":{"x":"1"}},"hello",null]
[a@1]
  nsyslog-parser: [[],"[a@1] hello","-"]
  glossy: [{},"hello",null]
[a@1 x="say \"hi\""]
  nsyslog-parser: [[],"[a@1 x=\"say \\\"hi\\\"\"] hello","-"]
  glossy: [{"a@1":{"x":"say \"hi\""}},"hello",null]
[a@1 x="[1\]"]
  nsyslog-parser: [[{"$id":"a@1","x":"[1\\]"}],"hello","-"]
  glossy: [{"a@1":{"x":"[1]"}},"hello",null]
TEXT

node probe.mjs | tee seen
diff expected seen
