#!/usr/bin/env bash
# @platformatic/job-queue 0.5.0: a job whose handler returns nothing runs three
# times, and has failed then
#
# A good guess: A handler that does its work and returns nothing has succeeded,
# as with BullMQ, pg-boss and graphile-worker. The job is done, and
# enqueueAndWait() resolves.
#
# What happens: undefined cannot be stored as JSON, so the success is taken for
# a failure: the handler runs again until the attempts are used up, the mail is
# sent three times, and enqueueAndWait() rejects. With null it runs once and the
# job is complete, but enqueueAndWait() does not hear of it and rejects with a
# TimeoutError at the end of its limit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @platformatic/job-queue@0.5.0

cat >probe.mjs <<'CODE'
import process from "node:process";
import { MemoryStorage, Queue } from "@platformatic/job-queue";

for (const [result, timeout] of [["sent", 60_000], [undefined, 60_000], [null, 3000]]) {
  let runs = 0;
  const queue = new Queue({ storage: new MemoryStorage(), blockTimeout: 0.05 });
  queue.on("error", () => {});
  queue.execute(async () => {
    runs++;
    return result;
  });
  await queue.start();
  const outcome = await queue.enqueueAndWait("mail", { to: "ann" }, { timeout }).then(() => "resolves", (error) => error.name);
  const { state } = await queue.getStatus("mail");
  console.log(`@platformatic/job-queue 0.5.0, the handler returns ${result}: runs ${runs}, ${state}, enqueueAndWait() ${outcome}`);
  await queue.stop();
}
process.exit();
CODE

cat >expected <<'TEXT'
@platformatic/job-queue 0.5.0, the handler returns sent: runs 1, completed, enqueueAndWait() resolves
@platformatic/job-queue 0.5.0, the handler returns undefined: runs 3, failed, enqueueAndWait() JobFailedError
@platformatic/job-queue 0.5.0, the handler returns null: runs 1, completed, enqueueAndWait() TimeoutError
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
