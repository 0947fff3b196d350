#!/usr/bin/env bash
# async-cache-dedupe 3.4.0: a string gets the cached result of the value that it
# is the JSON of
#
# A good guess: The key is the argument as safe-stable-stringify writes it, as
# the README says: "1" with its quotes, 1 without.
#
# What happens: A string is its own key, without quotes: "1" and 1, "true" and
# true, and an object and its JSON share an entry. The function is not called
# for the second one, which gets the result of the first, also while that one is
# still under way.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  async-cache-dedupe@3.4.0

cat >probe.mjs <<'CODE'
import { createCache } from "async-cache-dedupe";

const show = (value) => typeof value === "string" ? `the string ${value}` : `the ${typeof value} ${JSON.stringify(value)}`;
console.log("async-cache-dedupe 3.4.0, a function that describes its argument:");
for (const [first, second] of [["a", "b"], [1, "1"], [true, "true"], [{ id: 1 }, '{"id":1}']]) {
  const cache = createCache({ ttl: 60 }).define("describe", async (value) => show(value));
  await cache.describe(first);
  console.log(`  after ${show(first)}: ${show(second)} is ${await cache.describe(second)}`);
}
CODE

cat >expected <<'TEXT'
async-cache-dedupe 3.4.0, a function that describes its argument:
  after the string a: the string b is the string b
  after the number 1: the string 1 is the number 1
  after the boolean true: the string true is the boolean true
  after the object {"id":1}: the string {"id":1} is the object {"id":1}
TEXT

node probe.mjs | tee seen
diff expected seen
