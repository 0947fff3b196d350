#!/usr/bin/env bash
# ts-retry-promise 0.8.1: with exponential back-off the second wait is ten
# seconds and the third five minutes, and the last failure is told after one
# more wait
#
# A good guess: "EXPONENTIAL" doubles the delay from attempt to attempt: 100,
# 200, 400, 800 milliseconds with the default of 100. After the last attempt the
# promise rejects at once.
#
# What happens: The delay itself is raised to the power of the attempt: 100
# milliseconds, 100 squared (ten seconds), and then the upper limit of five
# minutes. A delay of 1 never grows; the one delay that doubles is 2. And each
# failed attempt is followed by its wait, the last one too: with four retries
# the caller hears of the failure five minutes after it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  ts-retry-promise@0.8.1

cat >probe.mjs <<'CODE'
import tsRetryPromise from "ts-retry-promise";

let steps;
const setTimeout = globalThis.setTimeout;
globalThis.setTimeout = (callback, delay, ...rest) => {
  steps.push(delay);
  return setTimeout(callback, 0, ...rest);
};
async function show(options) {
  steps = [];
  const attempt = () => {
    steps.push("call");
    return Promise.reject(new Error("not yet"));
  };
  await tsRetryPromise.retry(attempt, { retries: 3, timeout: "INFINITELY", ...options }).catch(() => steps.push("rejected"));
  console.log(`ts-retry-promise 0.8.1, ${JSON.stringify(options)}: ${steps.join(" ")}`);
}
await show({ backoff: "LINEAR" });
await show({ backoff: "EXPONENTIAL" });
await show({ backoff: "EXPONENTIAL", delay: 1000 });
await show({ backoff: "EXPONENTIAL", delay: 1 });
CODE

cat >expected <<'TEXT'
ts-retry-promise 0.8.1, {"backoff":"LINEAR"}: call 100 call 200 call 300 call 400 rejected
ts-retry-promise 0.8.1, {"backoff":"EXPONENTIAL"}: call 100 call 10000 call 300000 call 300000 rejected
ts-retry-promise 0.8.1, {"backoff":"EXPONENTIAL","delay":1000}: call 1000 call 300000 call 300000 call 300000 rejected
ts-retry-promise 0.8.1, {"backoff":"EXPONENTIAL","delay":1}: call 1 call 1 call 1 call 1 rejected
TEXT

node probe.mjs | tee seen
diff expected seen
