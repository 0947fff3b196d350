#!/usr/bin/env bash
# iter-tools 7.5.4: leaving a loop over asyncBuffer() throws a TypeError
#
# A good guess: `break` ends a `for await` loop quietly and closes the source,
# as with every other generator.
#
# What happens: return() of asyncBuffer resolves to undefined, and the language
# then throws: the loop that wanted to leave ends with a TypeError. The source
# is closed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  iter-tools@7.5.4

cat >probe.mjs <<'CODE'
import { asyncBuffer } from "iter-tools";

async function* source() {
  try {
    yield* [1, 2, 3, 4, 5];
  } finally {
    console.log("the source was closed");
  }
}
console.log("iter-tools 7.5.4, break in a loop over asyncBuffer(2, source())");
try {
  for await (const _ of asyncBuffer(2, source())) break;
  console.log("left the loop");
} catch (error) {
  console.log(error.name + ":", error.message);
}
CODE

cat >expected <<'TEXT'
iter-tools 7.5.4, break in a loop over asyncBuffer(2, source())
the source was closed
TypeError: Iterator result undefined is not an object
TEXT

node probe.mjs | tee seen
diff expected seen
