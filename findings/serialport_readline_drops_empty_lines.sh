#!/usr/bin/env bash
# @serialport/parser-readline 13.0.0, @serialport/parser-delimiter 13.0.0: empty
# lines are never given
#
# A good guess: A line parser gives an empty line as "", so that a blank line
# can end a block (as in answers of modems).
#
# What happens: Nothing is given between two delimiters that follow each other.
# With includeDelimiter, which should change only how a line looks, the empty
# lines appear.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @serialport/parser-readline@13.0.0 split2@4.2.0

cat >probe.cjs <<'CODE'
const { ReadlineParser } = require("@serialport/parser-readline");
const split = require("split2");

function parse(name, parser) {
  const seen = [];
  parser.on("data", (line) => seen.push(line));
  parser.write("OK\r\n\r\nREADY\r\n");
  setImmediate(() => console.log(`${name}: ${JSON.stringify(seen)}`));
}
parse("@serialport/parser-readline 13.0.0", new ReadlineParser({ delimiter: "\r\n" }));
parse("the same, includeDelimiter", new ReadlineParser({ delimiter: "\r\n", includeDelimiter: true }));
parse("split2 4.2.0", split());
CODE

cat >expected <<'TEXT'
@serialport/parser-readline 13.0.0: ["OK","READY"]
the same, includeDelimiter: ["OK\r\n","\r\n","READY\r\n"]
split2 4.2.0: ["OK","","READY"]
TEXT

node probe.cjs | tee seen
diff expected seen
