#!/usr/bin/env bash
# p-queue 9.3.5, queue 7.0.0, @supercharge/promise-pool 3.3.0, awaitqueue 3.3.0:
# more run at once than the limit allows, once a task has timed out, was aborted
# or stopped
#
# A good guess: With a concurrency of 1, the second task starts when the first
# one has ended, whatever became of its promise.
#
# What happens: A task that is given up keeps running, but its slot is free at
# once: the next one starts beside it. With a time limit shorter than the tasks,
# a limit of 1 is no limit at all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  p-queue@9.3.5 queue@7.0.0 @supercharge/promise-pool@3.3.0 awaitqueue@3.3.0

cat >probe.mjs <<'CODE'
import { PromisePool } from "@supercharge/promise-pool";
import { AwaitQueue } from "awaitqueue";
import PQueue from "p-queue";
import Queue from "queue";

async function count(name, use) {
  let running = 0, most = 0, open;
  const gate = new Promise((resolve) => open = resolve);
  await use(async () => {
    most = Math.max(most, ++running);
    // All that can start at once has started before anything ends.
    await gate;
    running--;
  });
  open();
  console.log(`${name}: limit 1, at most ${most} at once`);
}
await count("p-queue, timeout", async (task) => {
  const queue = new PQueue({ concurrency: 1, timeout: 20 });
  await Promise.allSettled([queue.add(task), queue.add(task), queue.add(task)]);
});
await count("p-queue, signal", async (task) => {
  const queue = new PQueue({ concurrency: 1 });
  const controller = new AbortController();
  const first = queue.add(task, { signal: controller.signal });
  const second = new Promise((started) => queue.add(() => (started(), task())));
  setTimeout(() => controller.abort());
  await Promise.allSettled([first]);
  await second;
});
await count("queue, timeout", async (task) => {
  const queue = new Queue({ concurrency: 1, timeout: 20 });
  queue.addEventListener("timeout", (event) => event.detail.next());
  queue.push(task, task, task);
  await new Promise((done) => queue.start(done));
});
await count("promise-pool, task timeout", async (task) => {
  await PromisePool.for([1, 2, 3]).withTaskTimeout(20).withConcurrency(1).process(task);
});
await count("awaitqueue, stop()", async (task) => {
  const queue = new AwaitQueue();
  const first = queue.push(task);
  await Promise.resolve();
  queue.stop();
  await first.catch(() => {});
  await new Promise((started) => queue.push(() => (started(), task())));
});
CODE

cat >expected <<'TEXT'
p-queue, timeout: limit 1, at most 3 at once
p-queue, signal: limit 1, at most 2 at once
queue, timeout: limit 1, at most 3 at once
promise-pool, task timeout: limit 1, at most 3 at once
awaitqueue, stop(): limit 1, at most 2 at once
TEXT

node probe.mjs | tee seen
diff expected seen
