#!/usr/bin/env bash
# threads 1.7.0, node-worker-threads-pool 1.5.1, poolifier 5.3.2: the end of a
# worker leaves the calls that it was running open
#
# A good guess: A call whose worker has been ended rejects: nothing else can
# become of it, as with workerpool 10.0.3 and piscina 5.3.2.
#
# What happens: terminate() and destroy() resolve, the thread is gone, and the
# promise of the call never settles: clean-up behind it does not run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  threads@1.7.0 node-worker-threads-pool@1.5.1 poolifier@5.3.2 \
  workerpool@10.0.3 piscina@5.3.2

cat >never.mjs <<'CODE'
export default () => new Promise(() => setInterval(() => {}, 1000));
CODE

cat >threads.cjs <<'CODE'
const { expose } = require("threads/worker");

expose({ never: () => new Promise(() => setInterval(() => {}, 1000)) });
CODE

cat >poolifier.mjs <<'CODE'
import { ThreadWorker } from "poolifier";

export default new ThreadWorker(async (data) => data === "never" ? new Promise(() => setInterval(() => {}, 1000)) : data);
CODE

cat >probe.mjs <<'CODE'
import process from "node:process";
import { StaticPool } from "node-worker-threads-pool";
import { Piscina } from "piscina";
import { FixedThreadPool } from "poolifier";
import { spawn, Thread, Worker } from "threads";
import workerpool from "workerpool";

const turns = async () => {
  for (let i = 0; i < 200; i++) await new Promise((done) => setTimeout(done));
};
async function show(name, call, end) {
  let state = "open";
  call.then(() => state = "resolved", () => state = "rejected");
  await turns();
  await end();
  await turns();
  console.log(`${name}: the call is ${state}`);
}
{
  const pool = workerpool.pool();
  await show("workerpool 10.0.3, terminate(true)", pool.exec(() => new Promise(() => setInterval(() => {}, 1000)), []), () => pool.terminate(true));
}
{
  const pool = new Piscina({ filename: new URL("./never.mjs", import.meta.url).href });
  await show("piscina 5.3.2, destroy()", pool.run(0), () => pool.destroy());
}
{
  const worker = await spawn(new Worker("./threads.cjs"));
  await show("threads 1.7.0, Thread.terminate()", worker.never(), () => Thread.terminate(worker));
}
{
  const pool = new StaticPool({ size: 1, task: () => new Promise(() => setInterval(() => {}, 1000)) });
  await show("node-worker-threads-pool 1.5.1, destroy()", pool.exec(0), () => pool.destroy());
}
{
  const pool = new FixedThreadPool(1, "./poolifier.mjs");
  await pool.execute("the worker has started");
  await show("poolifier 5.3.2, destroy()", pool.execute("never"), () => pool.destroy());
}
process.exit();
CODE

cat >expected <<'TEXT'
workerpool 10.0.3, terminate(true): the call is rejected
piscina 5.3.2, destroy(): the call is rejected
threads 1.7.0, Thread.terminate(): the call is open
node-worker-threads-pool 1.5.1, destroy(): the call is open
poolifier 5.3.2, destroy(): the call is open
TEXT

node probe.mjs | tee seen
diff expected seen
