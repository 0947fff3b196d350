#!/usr/bin/env bash
# lru-cache 11.5.3: the first caller's signal ends the fetch() of all others,
# and theirs do nothing
#
# A good guess: Callers of fetch() share one call of fetchMethod, but each waits
# under its own signal: an abort ends the wait of its own caller.
#
# What happens: Only the signal of the call that began the fetch counts. When it
# aborts, callers that gave no signal, or another, are rejected with its
# AbortError; when a later caller aborts, nothing happens and it gets the value.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  lru-cache@11.5.3

cat >probe.mjs <<'CODE'
import { LRUCache } from "lru-cache";

async function both(name, aborts) {
  const controller = new AbortController();
  let answer;
  const cache = new LRUCache({
    max: 9,
    fetchMethod: () => new Promise((resolve) => answer = resolve),
  });
  const call = (options) => cache.fetch("key", options).then((value) => value, (error) => error.name);
  const first = call(aborts === "first" ? { signal: controller.signal } : {});
  const second = call(aborts === "second" ? { signal: controller.signal } : {});
  controller.abort();
  setTimeout(() => answer("value"));
  console.log(`lru-cache 11.5.3, ${name}: first ${await first}, second ${await second}`);
}
await both("the first aborts", "first");
await both("the second aborts", "second");
CODE

cat >expected <<'TEXT'
lru-cache 11.5.3, the first aborts: first AbortError, second AbortError
lru-cache 11.5.3, the second aborts: first value, second value
TEXT

node probe.mjs | tee seen
diff expected seen
