#!/usr/bin/env bash
# threads 1.7.0: completed() and settled() of a pool with nothing to do never
# resolve, and a cancelled task never settles
#
# A good guess: completed() waits for the tasks that there are: on an idle pool
# it resolves at once. cancel() of a queued task rejects its promise, or
# resolves it with nothing.
#
# What happens: Both wait for the next time that the queue runs empty. Called a
# moment too late, when the last task is done, they wait for ever, and whether
# that happens depends on how fast the tasks were. (completed(true) resolves at
# once.) The promise of a cancelled task stays open, and so does a Promise.all()
# that holds it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  threads@1.7.0

cat >worker.cjs <<'CODE'
const { expose } = require("threads/worker");

expose({ echo: (value) => value });
CODE

cat >probe.mjs <<'CODE'
import process from "node:process";
import { Pool, spawn, Worker } from "threads";

const turns = async () => {
  for (let i = 0; i < 100; i++) await new Promise((done) => setTimeout(done));
};
async function show(name, promise) {
  let state = "waits";
  promise.then(() => state = "resolved", () => state = "rejected");
  await turns();
  console.log(`threads 1.7.0, ${name}: ${state}`);
}
const pool = Pool(() => spawn(new Worker("./worker.cjs")), 1);
const one = (worker) => worker.echo(1);
{
  const task = pool.queue(one), completed = pool.completed();
  await task;
  await show("completed(), called before the task is done", completed);
}
await show("completed(), called after the task is done", pool.completed());
await show("settled(), called after the task is done", pool.settled());
await show("completed(true), called after the task is done", pool.completed(true));
{
  const task = pool.queue(one), queued = pool.queue(one);
  queued.cancel();
  await task;
  await show("a task that was cancelled in the queue", queued);
}
process.exit();
CODE

cat >expected <<'TEXT'
threads 1.7.0, completed(), called before the task is done: resolved
threads 1.7.0, completed(), called after the task is done: waits
threads 1.7.0, settled(), called after the task is done: waits
threads 1.7.0, completed(true), called after the task is done: resolved
threads 1.7.0, a task that was cancelled in the queue: waits
TEXT

node probe.mjs | tee seen
diff expected seen
