#!/usr/bin/env bash
# async-iterator-to-stream 1.2.0, for-emit-of 1.4.0, Readable.toWeb() of Node and
# Deno: an error arrives before the values that came first
#
# A good guess: A source gives three values and then fails: who reads it gets the
# three values, then the error, as from the generator itself and from
# Readable.from(), which also fills a buffer.
#
# What happens: The error is handed over as soon as it is known, and what waits
# in the buffer is dropped. A stream of async-iterator-to-stream gives none of
# the values, an emitter of which for-emit-of reads gives the first alone, and
# after Readable.toWeb() a slow reader misses the last: a Web Stream in error has
# no queue any more. Records that were read, and perhaps acknowledged, are lost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  async-iterator-to-stream@1.2.0 for-emit-of@1.4.0

cat >probe.mjs <<'CODE'
import toStream from "async-iterator-to-stream";
import forEmitOf from "for-emit-of";
import { EventEmitter } from "node:events";
import process from "node:process";
import { Readable } from "node:stream";

async function* source() {
  yield* [1, 2, 3];
  throw new Error("the error");
}
function emitter() {
  const emitter = new EventEmitter();
  setTimeout(() => {
    for (const value of [1, 2, 3]) emitter.emit("data", value);
    emitter.emit("error", new Error("the error"));
  });
  return (forEmitOf.default ?? forEmitOf)(emitter);
}
const runtime = globalThis.Deno ? "Deno" : "Node";
for (const [name, make] of Object.entries({
  "the generator": source,
  "Readable.from()": () => Readable.from(source()),
  "Readable.toWeb()": () => Readable.toWeb(Readable.from(source())),
  "async-iterator-to-stream 1.2.0": () => (toStream.default ?? toStream).obj(source()),
  "for-emit-of 1.4.0": emitter,
})) {
  const seen = [];
  try {
    for await (const value of make()) {
      seen.push(value);
      // A slow reader.
      await new Promise((done) => setTimeout(done, 5));
    }
  } catch (error) {
    seen.push(error.message);
  }
  console.log(`${runtime}, ${name}: ${seen.join(", ")}`);
}
process.exit();
CODE

cat >expected <<'TEXT'
Node, the generator: 1, 2, 3, the error
Node, Readable.from(): 1, 2, 3, the error
Node, Readable.toWeb(): 1, 2, the error
Node, async-iterator-to-stream 1.2.0: the error
Node, for-emit-of 1.4.0: 1, the error
Deno, the generator: 1, 2, 3, the error
Deno, Readable.from(): 1, 2, 3, the error
Deno, Readable.toWeb(): 1, 2, the error
Deno, async-iterator-to-stream 1.2.0: the error
Deno, for-emit-of 1.4.0: 1, the error
TEXT

{
  node probe.mjs
  deno run --quiet --no-lock -A probe.mjs
} | tee seen
diff expected seen
