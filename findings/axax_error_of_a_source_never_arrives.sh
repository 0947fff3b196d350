#!/usr/bin/env bash
# axax 0.2.2: an error of a source does not reach the loop over merge() or
# concurrentMap(), which waits for ever
#
# A good guess: The loop gets the values before the error and then throws it, as
# it does for map(), and as mergeiterator 1.4.4 does.
#
# What happens: The error becomes an unhandled rejection, which ends the program
# if it has no listener for these. If it has one, the loop waits for a value
# that never comes, and its `finally` does not run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  axax@0.2.2 mergeiterator@1.4.4

cat >probe.mjs <<'CODE'
import { concurrentMap, map, merge } from "axax";
import mergeIterator from "mergeiterator";

const unhandled = [];
process.on("unhandledRejection", (error) => unhandled.push(error.message));
async function* failing() {
  yield 1;
  throw new Error("lost the connection");
}
async function* empty() {}
async function show(name, iterable) {
  let outcome = "the loop still waits";
  async function read() {
    const seen = [];
    try {
      for await (const value of iterable) seen.push(value);
      outcome = `ended after ${seen}`;
    } catch (error) {
      outcome = `threw "${error.message}" after ${seen}`;
    }
  }
  await Promise.race([read(), new Promise((done) => setTimeout(done, 500))]);
  console.log(`${name}: ${outcome}; unhandled: ${unhandled.splice(0).join() || "none"}`);
}
await show("axax map          ", map((value) => value)(failing()));
await show("axax merge        ", merge(failing(), empty()));
await show("axax concurrentMap", concurrentMap(async (value) => value, 2)(failing()));
await show("mergeiterator     ", mergeIterator.default([failing(), empty()]));
CODE

cat >expected <<'TEXT'
axax map          : threw "lost the connection" after 1; unhandled: none
axax merge        : the loop still waits; unhandled: lost the connection
axax concurrentMap: the loop still waits; unhandled: lost the connection
mergeiterator     : threw "lost the connection" after 1; unhandled: none
TEXT

node probe.mjs | tee seen
diff expected seen
