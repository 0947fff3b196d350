#!/usr/bin/env bash
# effection 4.1.1: an async iterable that was read through stream() is not
# closed, not even when the scope of its reader has ended
#
# A good guess: Everything that a scope has begun ends with it. A generator that
# stream() reads is closed when the loop is left, or when the task that reads it
# is halted: its `finally` runs, as it does with `for await`.
#
# What happens: next() is called, and return() never: neither `break`, nor the
# end of the scope, nor halt() closes the generator. A connection or a file that
# it holds stays open.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  effection@4.1.1

cat >probe.mjs <<'CODE'
import { each, run, scoped, sleep, spawn, stream } from "effection";

const turns = async () => {
  for (let i = 0; i < 50; i++) await new Promise((done) => setTimeout(done));
};
let closed;
async function* source() {
  try {
    for (let i = 1;; i++) {
      yield i;
      await new Promise((done) => setTimeout(done));
    }
  } finally {
    closed = true;
  }
}
function* read(last) {
  for (const value of yield* each(stream(source()))) {
    if (value === last) break;
    yield* each.next();
  }
}
async function show(name, use) {
  closed = false;
  await use();
  await turns();
  console.log(`${name}: the source is ${closed ? "closed" : "open"}`);
}
await show("for await, break", async () => {
  for await (const value of source()) if (value === 3) break;
});
await show("effection 4.1.1, break", () => run(() => read(3)));
await show("effection 4.1.1, end of the scope", () =>
  run(() => scoped(function* () {
    yield* spawn(() => read());
    yield* sleep(10);
  })));
await show("effection 4.1.1, halt()", async () => {
  const task = run(() => read());
  await turns();
  await task.halt();
});
CODE

cat >expected <<'TEXT'
for await, break: the source is closed
effection 4.1.1, break: the source is open
effection 4.1.1, end of the scope: the source is open
effection 4.1.1, halt(): the source is open
TEXT

node probe.mjs | tee seen
diff expected seen
