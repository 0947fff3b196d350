#!/usr/bin/env bash
# BullMQ 6.7.0: add() with an id that exists returns a job with data that are
# stored nowhere
#
# A good guess: A job with the same jobId is not added again: add() returns the
# job that exists, or tells that nothing was added.
#
# What happens: It resolves to a Job with the old id and the new name, data and
# options, as if they had been stored. The queue has the first ones only: a log
# line or an update that uses the returned job is about a job that is not there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v redis-server >/dev/null || { echo "needs Debian's redis-server"; exit 1; }
redis-server --port 0 --unixsocket "$folder/redis.sock" --save "" --daemonize no >redis.log &
redis=$!
trap 'kill "$redis"; wait "$redis" || true; rm -rf "$folder"' EXIT
until [ -S redis.sock ]; do sleep 0.1; done
npm install --silent --no-audit --no-fund --ignore-scripts \
  bullmq@6.7.0 ioredis@6.0.0

cat >probe.mjs <<'CODE'
import { Queue } from "bullmq";

const queue = new Queue("probe", { connection: { path: process.argv[2] } });
await queue.add("first", { version: 1 }, { jobId: "report" });
const added = await queue.add("second", { version: 2 }, { jobId: "report", attempts: 9 });
const stored = await queue.getJob("report");
const show = (job) => `${job.id} ${job.name} ${JSON.stringify(job.data)}, ${job.opts.attempts} attempts`;
console.log(`BullMQ 6.7.0, returned: ${show(added)}`);
console.log(`BullMQ 6.7.0, stored:   ${show(stored)}`);
await queue.close();
CODE

cat >expected <<'TEXT'
BullMQ 6.7.0, returned: report second {"version":2}, 9 attempts
BullMQ 6.7.0, stored:   report first {"version":1}, 0 attempts
TEXT

node probe.mjs "$folder/redis.sock" | tee seen
diff expected seen
