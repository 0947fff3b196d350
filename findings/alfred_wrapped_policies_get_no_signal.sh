#!/usr/bin/env bash
# @git-stunts/alfred 0.10.3: within a timeout or a hedge, the signal ends at the
# first policy that is wrapped
#
# A good guess: timeout() and hedge() give the function a signal that aborts when
# its result is no longer wanted, and wrap() combines policies: the README wraps
# a bulkhead and a circuit breaker in a hedge, and gives the signal to fetch().
#
# What happens: Retry, bulkhead, circuit breaker and rate limit call what they
# wrap without arguments: `signal` is undefined, as in the README's own example,
# and fetch() takes that for no signal. The requests that lost the race go on. A
# call that timed out while it waited for a place starts nevertheless, later, for
# no one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @git-stunts/alfred@0.10.3

cat >probe.mjs <<'CODE'
import { Policy } from "@git-stunts/alfred";
import process from "node:process";

const inner = {
  nothing: undefined,
  retry: Policy.retry({ retries: 1, delay: 1 }),
  bulkhead: Policy.bulkhead({ limit: 10 }),
  "circuit breaker": Policy.circuitBreaker({ threshold: 5, duration: 1000 }),
  "rate limit": Policy.rateLimit({ rate: 1000 }),
};
for (const [name, policy] of Object.entries(inner)) {
  const seen = [];
  for (const outer of [Policy.timeout(1000), Policy.hedge({ delay: 1000 })]) {
    const whole = policy === undefined ? outer : outer.wrap(policy);
    await whole.execute((signal) => {
      seen.push(typeof signal);
      return Promise.resolve();
    });
  }
  console.log(`@git-stunts/alfred 0.10.3, around ${name}: timeout gives ${seen[0]}, hedge gives ${seen[1]}`);
}

// One place, taken; the second call waits for it until it times out.
const events = [], policy = Policy.timeout(20).wrap(Policy.bulkhead({ limit: 1, queueLimit: 1 }));
let free;
const first = policy.execute(() => new Promise((done) => free = done)).catch(() => {});
const second = policy.execute(() => {
  events.push("its function starts");
  return Promise.resolve();
}).catch((error) => events.push(error.name));
await Promise.all([first, second]);
free();
for (let i = 0; i < 10; i++) await new Promise((done) => setTimeout(done));
console.log(`@git-stunts/alfred 0.10.3, a call that waits: ${events.join(", then ")}`);
process.exit();
CODE

cat >expected <<'TEXT'
@git-stunts/alfred 0.10.3, around nothing: timeout gives object, hedge gives object
@git-stunts/alfred 0.10.3, around retry: timeout gives undefined, hedge gives undefined
@git-stunts/alfred 0.10.3, around bulkhead: timeout gives undefined, hedge gives undefined
@git-stunts/alfred 0.10.3, around circuit breaker: timeout gives undefined, hedge gives undefined
@git-stunts/alfred 0.10.3, around rate limit: timeout gives undefined, hedge gives undefined
@git-stunts/alfred 0.10.3, a call that waits: TimeoutError, then its function starts
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
