#!/usr/bin/env bash
# tee() of @std/async (npm deno-std 1.3.4): only one branch sees the error of
# the source, the other ends as if it were complete
#
# A good guess: Each branch gives the same values, and then the same error:
# ReadableStream.tee() passes an error on to both.
#
# What happens: The branch that asks first gets the error. The other one asks
# the generator again, which has ended by now, and ends without an error: half
# the data look like all of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  deno-std@1.3.4

cat >probe.mjs <<'CODE'
import { tee } from "deno-std/async/tee.js";

async function* source() {
  yield 1;
  throw new Error("connection lost");
}
async function read(name, branch) {
  const seen = [];
  try {
    for await (const value of branch) seen.push(value);
    console.log(`${name}: ${seen}, then the end`);
  } catch (error) {
    console.log(`${name}: ${seen}, then error "${error.message}"`);
  }
}
console.log(`@std/async of deno-std 1.3.4 on Deno ${Deno.version.deno}`);
const [first, second] = tee(source());
await read("tee, first branch ", first);
await read("tee, second branch", second);
CODE

cat >expected <<'TEXT'
@std/async of deno-std 1.3.4 on Deno 2.9.6
tee, first branch : 1, then error "connection lost"
tee, second branch: 1, then the end
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
