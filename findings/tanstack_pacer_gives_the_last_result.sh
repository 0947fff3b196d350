#!/usr/bin/env bash
# @tanstack/pacer 0.22.0: calls of an AsyncRateLimiter that end together all get
# the result of the last one
#
# A good guess: maybeExecute() resolves to what the function has returned for
# these arguments, as its documentation says and as p-throttle does, or to
# undefined if the call was refused.
#
# What happens: The result is read from a field of the limiter when the call is
# over. Whatever has ended in the same turn has written it too, as lookups that
# a cache answers do: three callers that ask for three users at once get the
# third one three times.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @tanstack/pacer@0.22.0

cat >probe.mjs <<'CODE'
import { AsyncRateLimiter } from "@tanstack/pacer";

const users = new Map([[1, "Ann"], [2, "Bob"], [3, "Cem"]]);
const limiter = new AsyncRateLimiter(async (id) => users.get(id), { limit: 10, window: 60_000 });
const one = [await limiter.maybeExecute(1), await limiter.maybeExecute(2)];
console.log("@tanstack/pacer 0.22.0, 1 and then 2:", one.join(" "));
const all = await Promise.all([1, 2, 3].map((id) => limiter.maybeExecute(id)));
console.log("@tanstack/pacer 0.22.0, 1, 2 and 3 at once:", all.join(" "));
CODE

cat >expected <<'TEXT'
@tanstack/pacer 0.22.0, 1 and then 2: Ann Bob
@tanstack/pacer 0.22.0, 1, 2 and 3 at once: Cem Cem Cem
TEXT

node probe.mjs | tee seen
diff expected seen
