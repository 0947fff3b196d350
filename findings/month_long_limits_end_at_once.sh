#!/usr/bin/env bash
# AbortSignal.timeout() of Node 20 and Deno 2.9.6, and many libraries with a
# time limit: a limit of 30 days is over in a millisecond
#
# A good guess: Libraries that take a time limit in milliseconds take any number
# of them, or refuse it: that setTimeout() cannot wait for more than 24.8 days
# is theirs to handle.
#
# What happens: The number is handed to setTimeout(), which fires at once, and
# the error says that 2592000000 milliseconds have passed: p-timeout, execa,
# async-mutex, bottleneck, effection, AbortSignal.timeout(). p-throttle lets all
# calls through, p-retry tries again without a pause. effect waits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >signal.mjs <<'CODE'
let state = "waits";
AbortSignal.timeout(30 * 24 * 60 * 60 * 1000).onabort = () => state = "over";
for (let i = 0; i < 100; i++) await new Promise((done) => setTimeout(done, 1));
console.log(`AbortSignal.timeout of Deno ${Deno.version.deno}: ${state}`);
Deno.exit();
CODE
npm install --silent --no-audit --no-fund --ignore-scripts \
  p-timeout@7.0.2 p-throttle@8.1.1 p-retry@7.1.1 execa@9.6.1 \
  async-mutex@0.5.0 bottleneck@2.19.5 effection@4.1.1 effect@4.1.0

cat >probe.mjs <<'CODE'
import { Mutex, withTimeout } from "async-mutex";
import Bottleneck from "bottleneck";
import { Effect } from "effect";
import * as effection from "effection";
import { execa } from "execa";
import pRetry from "p-retry";
import pThrottle from "p-throttle";
import pTimeout from "p-timeout";

const month = 30 * 24 * 60 * 60 * 1000;
const never = () => new Promise(() => {});
// A limit of a month is given many turns of the loop, the others end long before.
const turns = async () => {
  for (let i = 0; i < 100; i++) await new Promise((done) => setTimeout(done, 1));
};
const fails = (name, promise) => race(name, promise.then(() => "over", () => "over"));
async function race(name, promise) {
  console.log(`${name}: ${await Promise.race([promise, turns().then(() => "waits")])}`);
}
await race("AbortSignal.timeout", new Promise((done) => AbortSignal.timeout(month).onabort = () => done("over")));
await fails("p-timeout", pTimeout(never(), { milliseconds: month }));
await fails("bottleneck", new Bottleneck().schedule({ expiration: month }, never));
const slept = execa("sleep", ["20"], { timeout: month });
console.log(`execa: ${await slept.then(() => "waits", () => "over")}`);
const mutex = withTimeout(new Mutex(), month);
await mutex.acquire();
await fails("async-mutex", mutex.acquire());
await fails("effection sleep", effection.run(() => effection.sleep(month)));
await fails("effect sleep", Effect.runPromise(Effect.sleep(month)));
let calls = 0;
const throttled = pThrottle({ limit: 1, interval: month })(() => ++calls);
await race("p-throttle, one a month", Promise.all([throttled(), throttled(), throttled()]).then(() => `${calls} calls`));
calls = 0;
const retried = pRetry(() => Promise.reject(new Error(`${++calls}`)), { retries: 3, minTimeout: month, maxTimeout: month });
await race("p-retry, a month between", retried.catch(() => `${calls} calls`));
process.exit();
CODE

cat >expected <<'TEXT'
AbortSignal.timeout: over
p-timeout: over
bottleneck: over
execa: over
async-mutex: over
effection sleep: over
effect sleep: waits
p-throttle, one a month: 3 calls
p-retry, a month between: 4 calls
AbortSignal.timeout of Deno 2.9.6: over
TEXT

{ node --no-warnings probe.mjs; deno run --quiet --no-lock -A signal.mjs; } | tee seen
diff expected seen
