#!/usr/bin/env bash
# queue-promise 2.2.1: "concurrent" is the size of a batch
#
# A good guess: With concurrent: 2 the third task starts when one of the first
# two has ended.
#
# What happens: It starts when both have ended: one slow task leaves the other
# place empty, and the throughput is that of the slowest of each batch.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  queue-promise@2.2.1

cat >probe.mjs <<'CODE'
import Queue from "queue-promise";

const order = [];
let endSlow;
const slow = new Promise((resolve) => endSlow = resolve);
const queue = new Queue({ concurrent: 2, interval: 0 });
const ended = new Promise((resolve) => queue.on("end", resolve));
queue.enqueue([
  async () => {
    order.push("slow starts");
    await slow;
    order.push("slow ends");
  },
  async () => void order.push("quick"),
  async () => void order.push("third"),
]);
for (let i = 0; i < 50; i++) await new Promise((done) => setTimeout(done));
endSlow();
await ended;
console.log(`queue-promise 2.2.1, concurrent: 2: ${order.join(", ")}`);
CODE

cat >expected <<'TEXT'
queue-promise 2.2.1, concurrent: 2: slow starts, quick, slow ends, third
TEXT

node probe.mjs | tee seen
diff expected seen
