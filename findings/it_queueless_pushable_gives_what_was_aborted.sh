#!/usr/bin/env bash
# it-queueless-pushable 2.0.5: a value arrives although its push() was aborted
#
# A good guess: push() waits until the value was read. If its signal aborts
# first, it rejects, and the value is not given: the caller may push it
# elsewhere, or once more.
#
# What happens: The abort ends the wait alone. The value stays, and the next
# reader gets it: pushed again after the error, it arrives twice. And return()
# leaves a push() that waits waiting for ever.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  it-queueless-pushable@2.0.5

cat >probe.mjs <<'CODE'
import { queuelessPushable } from "it-queueless-pushable";

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setTimeout(done));
};
{
  const queue = queuelessPushable();
  const controller = new AbortController();
  const pushed = queue.push("job", { signal: controller.signal }).catch((error) => error.name);
  controller.abort();
  console.log("it-queueless-pushable 2.0.5, push() aborted:", await pushed);
  queue.push("job");
  const { value: first } = await queue.next(), { value: second } = await queue.next();
  console.log("it-queueless-pushable 2.0.5, pushed once more, read:", first, second);
}
{
  const queue = queuelessPushable();
  let state = "waits";
  queue.push("job").then(() => state = "resolved", () => state = "rejected");
  await turns();
  await queue.return();
  await turns();
  console.log("it-queueless-pushable 2.0.5, push() after return():", state);
}
CODE

cat >expected <<'TEXT'
it-queueless-pushable 2.0.5, push() aborted: AbortError
it-queueless-pushable 2.0.5, pushed once more, read: job job
it-queueless-pushable 2.0.5, push() after return(): waits
TEXT

node probe.mjs | tee seen
diff expected seen
