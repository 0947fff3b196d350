#!/usr/bin/env bash
# @openally/mutex 2.0.0: new Mutex() lets five in at once
#
# A good guess: A mutex is for one at a time; a number above one is asked for,
# as with { concurrency: 2 } in the README.
#
# What happens: The default is five. A program that takes this mutex in the
# place of another one has a semaphore after that, and nothing tells. (The
# default stands in the description of the option.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @openally/mutex@2.0.0 async-mutex@0.5.0

cat >probe.mjs <<'CODE'
import { Mutex as OpenAlly } from "@openally/mutex";
import { Mutex } from "async-mutex";

async function show(name, acquire) {
  let inside = 0;
  for (let i = 0; i < 8; i++) acquire().then(() => inside++);
  for (let i = 0; i < 5; i++) await new Promise((done) => setTimeout(done));
  console.log(`${name}: ${inside} of 8 are inside`);
}
const mutex = new Mutex(), openAlly = new OpenAlly();
await show("async-mutex 0.5.0, new Mutex()", () => mutex.acquire());
await show("@openally/mutex 2.0.0, new Mutex()", () => openAlly.acquire());
CODE

cat >expected <<'TEXT'
async-mutex 0.5.0, new Mutex(): 1 of 8 are inside
@openally/mutex 2.0.0, new Mutex(): 5 of 8 are inside
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
