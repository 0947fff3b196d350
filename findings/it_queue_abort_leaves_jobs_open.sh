#!/usr/bin/env bash
# it-queue 1.1.4: abort() and clear() leave the promises of queued jobs open
#
# A good guess: abort() ends every job: the promise of each one rejects, of
# those that run and of those that wait.
#
# What happens: The running ones reject with an AbortError. Those that wait are
# taken out of the queue, and their promises never settle: Promise.all() over
# the jobs of a queue does not end. A job whose own signal aborts while it waits
# does reject.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  it-queue@1.1.4

cat >probe.mjs <<'CODE'
import process from "node:process";
import { Queue } from "it-queue";

const turns = async () => {
  for (let i = 0; i < 50; i++) await new Promise((done) => setTimeout(done));
};
async function show(name, end, options) {
  const queue = new Queue({ concurrency: 1 });
  const states = { running: "open", queued: "open" };
  const watch = (job, promise) => promise.then(() => states[job] = "resolved", (error) => states[job] = error.name);
  watch("running", queue.add(turns));
  watch("queued", queue.add(turns, options));
  await Promise.resolve();
  end(queue);
  await turns();
  await turns();
  await turns();
  console.log(`it-queue 1.1.4, ${name}: running job ${states.running}, queued job ${states.queued}`);
}
const controller = new AbortController();
await show("signal of the queued job", () => controller.abort(), { signal: controller.signal });
await show("abort()", (queue) => queue.abort());
await show("clear()", (queue) => queue.clear());
process.exit();
CODE

cat >expected <<'TEXT'
it-queue 1.1.4, signal of the queued job: running job resolved, queued job AbortError
it-queue 1.1.4, abort(): running job AbortError, queued job open
it-queue 1.1.4, clear(): running job resolved, queued job open
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
