#!/usr/bin/env bash
# asynciterator 3.10.0: what a function of map() throws is an uncaught exception
# for toArray() and listeners, and the iterator goes on without the item
#
# A good guess: toArray() rejects, and the iterator emits "error", as for an
# error of a stream that was wrapped.
#
# What happens: Only `for await` sees it. Else the exception comes out of a
# timer of the library, where no `catch` is: it ends the program. With a handler
# for uncaught exceptions the program goes on, and toArray() resolves to all but
# the item that failed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  asynciterator@3.10.0

cat >probe.mjs <<'CODE'
import { fromArray, wrap } from "asynciterator";
import { Readable } from "node:stream";

const uncaught = [];
process.on("uncaughtException", (error) => uncaught.push(error.message));
async function show(name, run) {
  const outcome = await run().then((seen) => JSON.stringify(seen), (error) => `rejected with "${error.message}"`);
  console.log(`${name}: ${outcome}; uncaught: ${uncaught.splice(0).join() || "none"}`);
}
function double(value) {
  if (value === 2) throw new Error("cannot double 2");
  return value * 2;
}
async function* failing() {
  yield 1;
  throw new Error("lost the connection");
}
await show("toArray() of a failing stream", () => wrap(Readable.from(failing())).toArray());
await show("toArray() of a failing map   ", () => fromArray([1, 2, 3]).map(double).toArray());
await show("for await of a failing map   ", async () => {
  const seen = [];
  for await (const value of fromArray([1, 2, 3]).map(double)) seen.push(value);
  return seen;
});
await show("\"data\" and \"error\" of it     ", () =>
  new Promise((resolve, reject) => {
    const seen = [];
    fromArray([1, 2, 3]).map(double).on("data", (value) => seen.push(value)).on("error", reject).on("end", () => resolve(seen));
  }));
CODE

cat >expected <<'TEXT'
toArray() of a failing stream: rejected with "lost the connection"; uncaught: none
toArray() of a failing map   : [2,6]; uncaught: cannot double 2
for await of a failing map   : rejected with "cannot double 2"; uncaught: none
"data" and "error" of it     : [2,6]; uncaught: cannot double 2
TEXT

node probe.mjs | tee seen
diff expected seen
