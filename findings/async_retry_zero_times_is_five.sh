#!/usr/bin/env bash
# async 3.2.6: retry() with times: 0 tries five times
#
# A good guess: 0 is refused, or the function is called once or not at all:
# p-retry calls it once with retries: 0.
#
# What happens: 0 is taken for "not given", and the default of five tries holds.
# So is a `times` that was computed and is NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  async@3.2.6 p-retry@7.1.1

cat >probe.mjs <<'CODE'
import async from "async";
import pRetry from "p-retry";

async function calls(run) {
  let count = 0;
  await run(async () => {
    count++;
    throw new Error("fails");
  }).catch(() => {});
  return count;
}
for (const times of [1, 0, NaN]) {
  console.log(`async.retry, times: ${times}: ${await calls((task) => async.retry({ times }, task))} calls`);
}
console.log(`async.retry, times: -1: ${await calls((task) => async.retry({ times: -1 }, task))} calls`);
console.log(`p-retry, retries: 0: ${await calls((task) => pRetry(task, { retries: 0 }))} calls`);
CODE

cat >expected <<'TEXT'
async.retry, times: 1: 1 calls
async.retry, times: 0: 5 calls
async.retry, times: NaN: 5 calls
async.retry, times: -1: 1 calls
p-retry, retries: 0: 1 calls
TEXT

node probe.mjs | tee seen
diff expected seen
