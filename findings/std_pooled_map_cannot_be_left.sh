#!/usr/bin/env bash
# pooledMap() of @std/async (npm deno-std 1.3.4): leaving its loop stops
# nothing, and raises errors that belong to no call
#
# A good guess: `break` stops the work: no more items are mapped. And a reader
# that is slow, or has not begun, holds the mapping back.
#
# What happens: All items are mapped, at full speed, read or not: only the
# number that run at once is bounded. After a `break` the rest is mapped too,
# and each result that can no longer be delivered is an unhandled rejection:
# without a listener for these, Deno and Node end the program.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  deno-std@1.3.4

cat >probe.mjs <<'CODE'
import { pooledMap } from "deno-std/async/pool.js";

let unhandled = 0;
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  unhandled++;
});
const turns = async () => {
  for (let i = 0; i < 200; i++) await new Promise((done) => setTimeout(done));
};
let calls = 0;
const map = () => pooledMap(2, Array.from({ length: 100 }).keys(), async (item) => {
  calls++;
  await new Promise((done) => setTimeout(done));
  return item;
});
console.log(`@std/async of deno-std 1.3.4 on Deno ${Deno.version.deno}, limit 2, 100 items`);
map();
await turns();
console.log(`not read at all: ${calls} calls`);
calls = 0;
for await (const item of map()) if (item === 3) break;
console.log("left after 4 results:", calls < 10 ? "fewer than 10 calls" : `${calls} calls`);
await turns();
console.log(`a while later: ${calls} calls`);
console.log(`unhandled rejections: ${unhandled > 80 ? "more than 80" : unhandled}`);
CODE

cat >expected <<'TEXT'
@std/async of deno-std 1.3.4 on Deno 2.9.6, limit 2, 100 items
not read at all: 100 calls
left after 4 results: fewer than 10 calls
a while later: 100 calls
unhandled rejections: more than 80
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
