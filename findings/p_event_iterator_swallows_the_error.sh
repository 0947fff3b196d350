#!/usr/bin/env bash
# p-event 7.1.1: an error that comes while values wait is swallowed, and the
# last value with it
#
# A good guess: `for await` over `pEventIterator()` gives all values that were
# emitted before the error, and then throws it.
#
# What happens: The last value that waits is given as { done: true, value },
# which a `for await` loop takes for the end: it drops the value and leaves. The
# error is kept for one more call of next(), which no loop makes. An error that
# comes while next() waits does arrive.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  p-event@7.1.1

cat >probe.mjs <<'CODE'
import { EventEmitter } from "node:events";
import { pEventIterator } from "p-event";

const emitter = new EventEmitter();
const values = pEventIterator(emitter, "value");
emitter.emit("value", "first");
emitter.emit("value", "second");
emitter.emit("error", new Error("lost"));

console.log("p-event 7.1.1, emitted: first, second, error");
try {
  for await (const value of values) console.log("the loop got", value);
  console.log("the loop ended without an error");
} catch (error) {
  console.log("the loop threw", error.message);
}
const late = await values.next().catch((error) => error.message);
console.log("next() after the end rejects with:", late);
CODE

cat >expected <<'TEXT'
p-event 7.1.1, emitted: first, second, error
the loop got first
the loop ended without an error
next() after the end rejects with: lost
TEXT

node probe.mjs | tee seen
diff expected seen
