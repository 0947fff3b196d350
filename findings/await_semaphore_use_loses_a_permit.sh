#!/usr/bin/env bash
# await-semaphore 0.1.3: use() loses its permit when the function throws before
# it returns a promise
#
# A good guess: use() gives the permit back in every case: that is what it is
# for.
#
# What happens: Only a rejected promise gives it back. A function that throws at
# once makes use() reject with the error, and the permit is gone for good. use()
# of semaphore-async-await 1.5.1 (execute) and of @chriscdn/promise-semaphore
# 3.1.2 (request) give it back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  await-semaphore@0.1.3 semaphore-async-await@1.5.1

cat >probe.mjs <<'CODE'
import { Semaphore } from "await-semaphore";
import other from "semaphore-async-await";

const semaphore = new Semaphore(2);
const rejects = await semaphore.use(async () => {
  throw new Error("later");
}).catch((error) => error.message);
console.log(`await-semaphore 0.1.3: rejected with "${rejects}", permits left: ${semaphore.count} of 2`);
const throws = await semaphore.use(() => {
  throw new Error("at once");
}).catch((error) => error.message);
console.log(`await-semaphore 0.1.3: threw "${throws}", permits left: ${semaphore.count} of 2`);

const second = new other.default(2);
await second.execute(() => {
  throw new Error("at once");
}).catch(() => {});
console.log(`semaphore-async-await 1.5.1: threw, permits left: ${second.getPermits()} of 2`);
CODE

cat >expected <<'TEXT'
await-semaphore 0.1.3: rejected with "later", permits left: 2 of 2
await-semaphore 0.1.3: threw "at once", permits left: 1 of 2
semaphore-async-await 1.5.1: threw, permits left: 2 of 2
TEXT

node probe.mjs | tee seen
diff expected seen
