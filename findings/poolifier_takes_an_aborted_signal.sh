#!/usr/bin/env bash
# poolifier 5.3.2: a task whose signal was aborted before runs all the same, and
# null arrives as {}
#
# A good guess: A signal that is aborted already rejects the task at once, and
# it does not run, as with piscina 5.3.2 and fetch(). What a task gets is a
# clone of what was given.
#
# What happens: Only an abort that comes later is heard: after an earlier one
# the task runs to its end, and its result is given. The data null and undefined
# are replaced by an empty object.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  poolifier@5.3.2

cat >worker.mjs <<'CODE'
import { ThreadWorker } from "poolifier";

export default new ThreadWorker(async (data) => data === "wait" ? new Promise((done) => setTimeout(done, 100, "waited")) : data);
CODE

cat >probe.mjs <<'CODE'
import { FixedThreadPool } from "poolifier";

const pool = new FixedThreadPool(1, "./worker.mjs");
await pool.execute("the worker has started");
async function show(name, data, abort) {
  const controller = new AbortController();
  if (abort === "before") controller.abort();
  const task = pool.execute(data, undefined, controller.signal);
  if (abort === "after") controller.abort();
  const outcome = await task.then((value) => `resolved to ${JSON.stringify(value)}`, () => "rejected");
  console.log(`poolifier 5.3.2, ${name}: ${outcome}`);
}
await show("aborted after execute()", "wait", "after");
await show("aborted before execute()", "wait", "before");
await show("data false", false);
await show("data null", null);
process.exit();
CODE

cat >expected <<'TEXT'
poolifier 5.3.2, aborted after execute(): rejected
poolifier 5.3.2, aborted before execute(): resolved to "waited"
poolifier 5.3.2, data false: resolved to false
poolifier 5.3.2, data null: resolved to {}
TEXT

node probe.mjs | tee seen
diff expected seen
