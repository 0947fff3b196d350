#!/usr/bin/env bash
# @supercharge/promise-pool 3.3.0: results have no holes if the setting came first
#
# A good guess: The order of the calls that set up a pool does not matter:
# withConcurrency and withTaskTimeout may come before for() or after it.
#
# What happens: for() makes a new pool and takes over some of the settings. What
# useCorrespondingResults() has set before is not among them: the results lose
# their places, silently.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @supercharge/promise-pool@3.3.0

cat >probe.mjs <<'CODE'
import { PromisePool } from "@supercharge/promise-pool";

const items = ["a", "b", "c"];
const work = (item) => {
  if (item === "b") throw new Error("no b");
  return item;
};
const show = (results) => results.map((each) => String(each)).join(" ");

console.log("@supercharge/promise-pool 3.3.0");
const after = await PromisePool.withConcurrency(1).for(items)
  .useCorrespondingResults().process(work);
console.log("set after for():", show(after.results));
const before = await PromisePool.withConcurrency(1).useCorrespondingResults()
  .for(items).process(work);
console.log("set before for():", show(before.results));
CODE

cat >expected <<'TEXT'
@supercharge/promise-pool 3.3.0
set after for(): a Symbol(failed) c
set before for(): a c
TEXT

node probe.mjs | tee seen
diff expected seen
