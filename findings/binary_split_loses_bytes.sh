#!/usr/bin/env bash
# binary-split 1.0.5: bytes are lost where a delimiter follows its own
# beginning, and every empty line
#
# A good guess: Splitting "a---b" at "--" gives "a" and "-b", in one chunk or in
# many.
#
# What happens: After a match the search starts one byte too early, inside the
# delimiter that was just found: it finds it again there, and drops the byte
# behind it. The same bytes one at a time keep it. Empty pieces are dropped too,
# by the Node stream.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  binary-split@1.0.5

cat >probe.cjs <<'CODE'
const split = require("binary-split");

async function parse(name, delimiter, chunks) {
  const stream = split(delimiter);
  const seen = [];
  stream.on("data", (piece) => seen.push(String(piece)));
  for (const chunk of chunks) stream.write(chunk);
  await new Promise((done) => stream.on("end", done).end());
  console.log(`${name}: ${JSON.stringify(seen)}`);
}
(async () => {
  console.log('binary-split 1.0.5, "a---b" at "--"');
  await parse("in one chunk", "--", ["a---b"]);
  await parse("byte by byte", "--", [..."a---b"]);
  await parse("a block of lines, then an empty one, at two line feeds", "\n\n", ["a\n\n\nb"]);
  await parse("empty lines", "\n", ["a\n\nb\n"]);
})();
CODE

cat >expected <<'TEXT'
binary-split 1.0.5, "a---b" at "--"
in one chunk: ["a","b"]
byte by byte: ["a","-b"]
a block of lines, then an empty one, at two line feeds: ["a","b"]
empty lines: ["a","b"]
TEXT

node probe.cjs | tee seen
diff expected seen
