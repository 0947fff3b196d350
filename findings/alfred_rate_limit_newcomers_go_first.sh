#!/usr/bin/env bash
# @git-stunts/alfred 0.10.3: a call in the line of a rate limit is overtaken for
# ever
#
# A good guess: A rate limit with a queue gives its tokens to the calls in the
# order in which they came.
#
# What happens: A new call takes a token if there is one, without a look at the
# line. The timer of the line and a caller that comes at the same rate meet at
# each new token: the caller is first, the timer finds nothing, and asks for the
# next. A call that waits never gets its turn.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @git-stunts/alfred@0.10.3

cat >probe.mjs <<'CODE'
import { rateLimit } from "@git-stunts/alfred";

// A clock that is moved by hand: the caller is there before the timer.
let now = 0;
const timers = [];
const clock = {
  now: () => now,
  sleep: (milliseconds) => new Promise((done) => timers.push({ at: now + milliseconds, done })),
};
const limiter = rateLimit({ rate: 1, queueLimit: 5, clock });
const order = [];
const call = (name) => limiter.execute(() => Promise.resolve(order.push(name)));
call("first");
call("waiting");
for (let second = 1; second <= 5; second++) {
  now += 1000;
  call(`newcomer ${second}`);
  for (const timer of timers.splice(0)) timer.done();
  for (let i = 0; i < 10; i++) await Promise.resolve();
}
console.log(`@git-stunts/alfred 0.10.3, one call a second: ${order.join(", ")}; still in the line: ${limiter.stats.queued}`);
CODE

cat >expected <<'TEXT'
@git-stunts/alfred 0.10.3, one call a second: first, newcomer 1, newcomer 2, newcomer 3, newcomer 4, newcomer 5; still in the line: 1
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
