#!/usr/bin/env bash
# AbortSignal.timeout() of Node 20 and Deno 2.9.6, and most libraries with a
# time limit: a limit of 30 days is over in a millisecond
#
# A good guess: Libraries that take a time limit in milliseconds take any number
# of them, or refuse it: that setTimeout() cannot wait for more than 24.8 days
# is theirs to handle.
#
# What happens: The number is handed to setTimeout(), which fires at once, and
# the error says that 2592000000 milliseconds have passed: p-timeout, p-queue,
# execa, async-mutex, bottleneck, generic-pool, rxjs, effection,
# AbortSignal.timeout(). p-throttle lets all calls through, p-retry tries again
# without a pause. effect waits, as delay() of @std/async does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >signal.mjs <<'CODE'
let state = "waits";
AbortSignal.timeout(30 * 24 * 60 * 60 * 1000).onabort = () => state = "over";
for (let i = 0; i < 300; i++) await new Promise((done) => setTimeout(done, 1));
console.log(`AbortSignal.timeout of Deno ${Deno.version.deno}: ${state}`);
Deno.exit();
CODE
npm install --silent --no-audit --no-fund --ignore-scripts \
  p-timeout@7.0.2 p-queue@9.3.5 p-throttle@8.1.1 p-retry@7.1.1 execa@9.6.1 \
  async-mutex@0.5.0 bottleneck@2.19.5 generic-pool@3.9.0 rxjs@7.8.2 \
  effection@4.1.1 effect@4.1.0 deno-std@1.3.4

cat >probe.mjs <<'CODE'
import { Mutex, withTimeout } from "async-mutex";
import Bottleneck from "bottleneck";
import { delay } from "deno-std/async/delay.js";
import { Effect } from "effect";
import * as effection from "effection";
import { execa } from "execa";
import genericPool from "generic-pool";
import PQueue from "p-queue";
import pRetry from "p-retry";
import pThrottle from "p-throttle";
import pTimeout from "p-timeout";
import * as rx from "rxjs";

const month = 30 * 24 * 60 * 60 * 1000;
const never = () => new Promise(() => {});
// A limit of a month is given many turns of the loop, the others end long before.
const turns = async () => {
  for (let i = 0; i < 300; i++) await new Promise((done) => setTimeout(done, 1));
};
const fails = (name, promise) => race(name, promise.then(() => "over", () => "over"));
async function race(name, promise) {
  console.log(`${name}: ${await Promise.race([promise, turns().then(() => "waits")])}`);
}
await race("AbortSignal.timeout", new Promise((done) => AbortSignal.timeout(month).onabort = () => done("over")));
await fails("p-timeout", pTimeout(never(), { milliseconds: month }));
await fails("p-queue", new PQueue({ timeout: month }).add(never));
await fails("bottleneck", new Bottleneck().schedule({ expiration: month }, never));
await fails("execa", execa("sleep", ["60"], { timeout: month, cleanup: true }));
const mutex = withTimeout(new Mutex(), month);
await mutex.acquire();
await fails("async-mutex", mutex.acquire());
const pool = genericPool.createPool({ create: async () => ({}), destroy: async () => {} }, { max: 1, acquireTimeoutMillis: month });
await pool.acquire();
await fails("generic-pool", pool.acquire());
await fails("rxjs timeout", rx.lastValueFrom(rx.NEVER.pipe(rx.timeout(month))));
await fails("effection sleep", effection.run(() => effection.sleep(month)));
await fails("effect sleep", Effect.runPromise(Effect.sleep(month)));
await fails("@std/async delay", delay(month));
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
p-queue: over
bottleneck: over
execa: over
async-mutex: over
generic-pool: over
rxjs timeout: over
effection sleep: over
effect sleep: waits
@std/async delay: waits
p-throttle, one a month: 3 calls
p-retry, a month between: 4 calls
AbortSignal.timeout of Deno 2.9.6: over
TEXT

{ node --no-warnings probe.mjs; deno run --quiet --no-lock -A signal.mjs; } | tee seen
diff expected seen
