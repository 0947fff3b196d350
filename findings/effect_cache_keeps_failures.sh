#!/usr/bin/env bash
# effect 4.1.0: Cache keeps a failed lookup as long as a good one
#
# A good guess: A lookup that failed is tried again by the next get(): the cache
# keeps values.
#
# What happens: The failure is kept for the whole timeToLive: one lost
# connection makes a key fail for as long as its value would have been good.
# (makeWith() takes a timeToLive that depends on the result.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  effect@4.1.0

cat >probe.mjs <<'CODE'
import { Cache, Effect } from "effect";

let lookups = 0;
const results = await Effect.runPromise(Effect.gen(function* () {
  const cache = yield* Cache.make({
    capacity: 10,
    timeToLive: "1 hour",
    lookup: (key) => ++lookups === 1 ? Effect.fail("connection lost") : Effect.succeed(`value of ${key}`),
  });
  const first = yield* Effect.exit(Cache.get(cache, "a"));
  const second = yield* Effect.exit(Cache.get(cache, "a"));
  return [first._tag, second._tag];
}));
console.log(`effect 4.1.0: first get ${results[0]}, second get ${results[1]}, lookups: ${lookups}`);
CODE

cat >expected <<'TEXT'
effect 4.1.0: first get Failure, second get Failure, lookups: 1
TEXT

node probe.mjs | tee seen
diff expected seen
