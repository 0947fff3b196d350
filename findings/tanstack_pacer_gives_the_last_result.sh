#!/usr/bin/env bash
# @tanstack/pacer 0.22.0: calls of an AsyncRateLimiter that end together all get
# the result of the last one, and one that overlaps another of an AsyncRetryer
# gets undefined
#
# A good guess: maybeExecute() and execute() resolve to what the function has
# returned for these arguments, as with p-throttle and p-retry, or they reject.
#
# What happens: The result is read from a field of the limiter when the call is
# over: whatever has ended in the same turn has written it too, as lookups that
# a cache answers do. Of two calls of execute() that overlap the first resolves
# to undefined, though its function has succeeded.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @tanstack/pacer@0.22.0

cat >probe.mjs <<'CODE'
import { AsyncRateLimiter, AsyncRetryer } from "@tanstack/pacer";

const turns = async (count) => {
  for (let i = 0; i < count; i++) await new Promise((done) => setTimeout(done));
};
const users = new Map([[1, "Ann"], [2, "Bob"], [3, "Cem"]]);
const name = async (id) => users.get(id);
const nameLater = async (id) => {
  await turns(id * 10);
  return users.get(id);
};
const show = (what, results) => console.log(`@tanstack/pacer 0.22.0, ${what}: ${results.map(String).join(" ")}`);
{
  const limiter = new AsyncRateLimiter(name, { limit: 10, window: 60_000 });
  show("AsyncRateLimiter, one after the other", [await limiter.maybeExecute(1), await limiter.maybeExecute(2)]);
  show("AsyncRateLimiter, at once", await Promise.all([1, 2, 3].map((id) => limiter.maybeExecute(id))));
}
{
  const retryer = new AsyncRetryer(nameLater, { maxAttempts: 2 });
  show("AsyncRetryer, one after the other", [await retryer.execute(1), await retryer.execute(2)]);
  show("AsyncRetryer, at once", await Promise.all([retryer.execute(2), retryer.execute(1)]));
}
CODE

cat >expected <<'TEXT'
@tanstack/pacer 0.22.0, AsyncRateLimiter, one after the other: Ann Bob
@tanstack/pacer 0.22.0, AsyncRateLimiter, at once: Cem Cem Cem
@tanstack/pacer 0.22.0, AsyncRetryer, one after the other: Ann Bob
@tanstack/pacer 0.22.0, AsyncRetryer, at once: undefined Ann
TEXT

node probe.mjs | tee seen
diff expected seen
