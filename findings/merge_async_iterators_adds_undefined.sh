#!/usr/bin/env bash
# merge-async-iterators 0.2.1: the merged sequence has a value too many
#
# A good guess: The values of all sources, and nothing else.
#
# What happens: After the last value comes an `undefined` that no source gave.
# mergeiterator 1.4.4 and combine-async-iterators 3.0.0 give what they were
# given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  merge-async-iterators@0.2.1 mergeiterator@1.4.4 \
  combine-async-iterators@3.0.0

cat >probe.mjs <<'CODE'
import combine from "combine-async-iterators";
import merge from "merge-async-iterators";
import mergeIterator from "mergeiterator";

async function* numbers() {
  yield 1;
  yield 2;
}
async function* letters() {
  yield "a";
}
async function show(name, iterable) {
  const seen = [];
  for await (const value of iterable) seen.push(String(value));
  console.log(`${name}: ${seen.length} values, ${seen.includes("undefined") ? "one is undefined" : "all from the sources"}`);
}
await show("merge-async-iterators 0.2.1", merge([numbers(), letters()]));
await show("mergeiterator 1.4.4", mergeIterator.default([numbers(), letters()]));
await show("combine-async-iterators 3.0.0", combine(numbers(), letters()));
CODE

cat >expected <<'TEXT'
merge-async-iterators 0.2.1: 4 values, one is undefined
mergeiterator 1.4.4: 3 values, all from the sources
combine-async-iterators 3.0.0: 3 values, all from the sources
TEXT

node probe.mjs | tee seen
diff expected seen
