#!/usr/bin/env bash
# cockatiel 3.2.1, abort-controller-x 0.5.0, better-queue 3.8.12: attempts that
# are retries, and retries that are attempts
#
# A good guess: maxAttempts counts the calls, maxRetries those after the first.
#
# What happens: It is the other way round. maxAttempts: 3 of cockatiel and of
# retry() of abort-controller-x calls four times; better-queue's maxRetries: 3
# three times, and maxRetries: 1 retries nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  cockatiel@3.2.1 abort-controller-x@0.5.0 better-queue@3.8.12

cat >probe.mjs <<'CODE'
import * as abort from "abort-controller-x";
import { ConstantBackoff, handleAll, retry } from "cockatiel";
import Queue from "better-queue";

for (const maxAttempts of [1, 3]) {
  let calls = 0;
  await retry(handleAll, { maxAttempts, backoff: new ConstantBackoff(1) })
    .execute(() => {
      calls++;
      throw new Error("again");
    }).catch(() => {});
  console.log(`cockatiel 3.2.1, maxAttempts: ${maxAttempts}, calls: ${calls}`);
}
for (const maxAttempts of [1, 3]) {
  let calls = 0;
  await abort.retry(new AbortController().signal, () => {
    calls++;
    throw new Error("again");
  }, { baseMs: 1, maxAttempts }).catch(() => {});
  console.log(`abort-controller-x 0.5.0, maxAttempts: ${maxAttempts}, calls: ${calls}`);
}
for (const maxRetries of [1, 3]) {
  let calls = 0;
  const queue = new Queue((_, done) => {
    calls++;
    done(new Error("again"));
  }, { maxRetries, retryDelay: 1 });
  await new Promise((failed) => queue.push("job").on("failed", failed));
  console.log(`better-queue 3.8.12, maxRetries: ${maxRetries}, calls: ${calls}`);
}
CODE

cat >expected <<'TEXT'
cockatiel 3.2.1, maxAttempts: 1, calls: 2
cockatiel 3.2.1, maxAttempts: 3, calls: 4
abort-controller-x 0.5.0, maxAttempts: 1, calls: 2
abort-controller-x 0.5.0, maxAttempts: 3, calls: 4
better-queue 3.8.12, maxRetries: 1, calls: 1
better-queue 3.8.12, maxRetries: 3, calls: 3
TEXT

node probe.mjs | tee seen
diff expected seen
