#!/usr/bin/env bash
# tee() of @std/async (npm deno-std 1.3.4): a branch gets a value only when the
# next one has come
#
# A good guess: Both branches have a value as soon as the source has given it.
#
# What happens: Two branches that wait at the same time each ask the source: the
# second waits for the value after the one that it lacks. It is one behind until
# the source speaks again: for a peer that waits for an answer to that value,
# never.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  deno-std@1.3.4

cat >probe.mjs <<'CODE'
import { tee } from "deno-std/async/tee.js";

const turns = async () => {
  for (let i = 0; i < 50; i++) await new Promise((done) => setTimeout(done));
};
let open;
const gate = new Promise((resolve) => open = resolve);
async function* source() {
  yield "one";
  await gate;
  yield "two";
}
const seen = { first: [], second: [] };
async function read(name, branch) {
  for await (const value of branch) seen[name].push(value);
}
const [first, second] = tee(source());
const both = Promise.all([read("first", first), read("second", second)]);
await turns();
console.log(`@std/async of deno-std 1.3.4 on Deno ${Deno.version.deno}`);
console.log(`the source gave one: ${JSON.stringify(seen)}`);
open();
await both;
console.log(`and two:             ${JSON.stringify(seen)}`);
CODE

cat >expected <<'TEXT'
@std/async of deno-std 1.3.4 on Deno 2.9.6
the source gave one: {"first":["one"],"second":[]}
and two:             {"first":["one","two"],"second":["one","two"]}
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
