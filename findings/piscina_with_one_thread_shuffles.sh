#!/usr/bin/env bash
# piscina 5.3.2: one thread does not run tasks in their order
#
# A good guess: A pool of one thread runs its tasks one after another, first in,
# first out: the README says so of the default queue.
#
# What happens: A task that cannot be dispatched yet goes to the back of the
# queue, each time one is looked at: ten tasks that were given in order run in
# an order that looks shuffled. stricterFIFO: true puts such a task back in
# front. tinypool 2.2.0, a fork, keeps the order.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo 'const order = []; export default (task) => (order.push(task), [...order]);' >worker.mjs
npm install --silent --no-audit --no-fund --ignore-scripts \
  piscina@5.3.2 tinypool@2.2.0

cat >probe.mjs <<'CODE'
import { Piscina } from "piscina";
import Tinypool from "tinypool";

const filename = new URL("worker.mjs", import.meta.url).href;
async function run(name, Pool, options) {
  const pool = new Pool({ filename, minThreads: 1, maxThreads: 1, ...options });
  const before = await pool.run(-1);
  await Promise.all(Array.from({ length: 10 }, (_, i) => pool.run(i)));
  const order = (await pool.run(-1)).slice(before.length, -1);
  await pool.destroy();
  const sorted = order.every((it, i) => it === i);
  console.log(`${name}: ${sorted ? "in order" : "out of order"}`);
}
await run("piscina 5.3.2", Piscina, {});
await run("piscina 5.3.2, stricterFIFO", Piscina, { stricterFIFO: true });
await run("tinypool 2.2.0", Tinypool, {});
CODE

cat >expected <<'TEXT'
piscina 5.3.2: out of order
piscina 5.3.2, stricterFIFO: in order
tinypool 2.2.0: in order
TEXT

node probe.mjs | tee seen
diff expected seen
