#!/usr/bin/env bash
# logfmt 1.4.0: a line feed that was written as "\n" is read as the letter n
#
# A good guess: In quotes, \n and \t are what they are for the writers of this
# format (slog of Go quotes so). What is not quoted is the value as it stands, or
# an error.
#
# What happens: Of each escape only the backslash is left out: "first\nsecond" is
# firstnsecond. In a value without quotes each "=" is left out, silently, so that
# a token in base64 is another one. Numbers stay texts, while true and false
# become booleans: stringify() and parse() turn the text "true" into true.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  logfmt@1.4.0

cat >probe.mjs <<'CODE'
import logfmt from "logfmt";

const lines = [
  String.raw`error="first\nsecond"`,
  String.raw`path="C:\\temp"`,
  "token=YWJjZA==",
  'token="YWJjZA=="',
  logfmt.stringify({ text: "true", number: 5 }),
];
for (const line of lines) console.log(`${line}\n  ${JSON.stringify(logfmt.parse(line))}`);
CODE

cat >expected <<'TEXT'
error="first\nsecond"
  {"error":"firstnsecond"}
path="C:\\temp"
  {"path":"C:\\temp"}
token=YWJjZA==
  {"token":"YWJjZA"}
token="YWJjZA=="
  {"token":"YWJjZA=="}
text=true number=5
  {"text":true,"number":"5"}
TEXT

node probe.mjs | tee seen
diff expected seen
