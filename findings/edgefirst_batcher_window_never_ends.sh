#!/usr/bin/env bash
# @edgefirst-dev/batcher 1.0.1: calls are put together for ever, and a failure is
# kept
#
# A good guess: new Batcher(10) puts calls with the same key together if they
# come within ten milliseconds. Afterwards the function is called again. A call
# that failed does not spoil the ones after it.
#
# What happens: The class has no constructor: the window is not looked at, and
# nothing is ever taken out of its map. Every call with the key gets the first
# result, or the first error, as long as the batcher lives, and the memory of a
# server that keeps one for its whole life grows with each new key.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @edgefirst-dev/batcher@1.0.1

cat >probe.mjs <<'CODE'
import { Batcher } from "@edgefirst-dev/batcher";

const pause = () => new Promise((done) => setTimeout(done, 50));
const batcher = new Batcher(10);
let calls = 0;
const load = () => Promise.resolve(`result of call ${++calls}`);
console.log(`at first: ${await batcher.call(["user", 1], load)}`);
await pause();
console.log(`50 ms later: ${await batcher.call(["user", 1], load)}`);

let available = false;
const status = () => available ? Promise.resolve("available") : Promise.reject(new Error("not available"));
console.log(`a service that fails: ${await batcher.call(["status"], status).catch((error) => error.message)}`);
available = true;
await pause();
console.log(`it is back, 50 ms later: ${await batcher.call(["status"], status).catch((error) => error.message)}`);
CODE

cat >expected <<'TEXT'
at first: result of call 1
50 ms later: result of call 1
a service that fails: not available
it is back, 50 ms later: not available
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
