#!/usr/bin/env bash
# it-pushable 3.2.4: onEmpty() resolves although nothing was read
#
# A good guess: onEmpty() resolves when everything that was pushed has been
# read: a producer that awaits it goes as fast as its reader.
#
# What happens: Without a signal it resolves in the same turn, with everything
# still in the queue, so the producer fills the memory. With a signal, even one
# that is never aborted, it waits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  it-pushable@3.2.4

cat >probe.mjs <<'CODE'
import { pushable } from "it-pushable";

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setTimeout(done));
};
for (const [name, options] of [["no options", undefined], ["a signal", { signal: new AbortController().signal }]]) {
  const queue = pushable({ objectMode: true });
  queue.push("one").push("two");
  let state = "waits";
  queue.onEmpty(options).then(() => state = "has resolved");
  await turns();
  console.log(`it-pushable 3.2.4, onEmpty() with ${name}: ${queue.readableLength} in the queue, ${state}`);
  await queue.next();
  await queue.next();
  await turns();
  console.log(`it-pushable 3.2.4, onEmpty() with ${name}: ${queue.readableLength} in the queue, ${state}`);
}
CODE

cat >expected <<'TEXT'
it-pushable 3.2.4, onEmpty() with no options: 2 in the queue, has resolved
it-pushable 3.2.4, onEmpty() with no options: 0 in the queue, has resolved
it-pushable 3.2.4, onEmpty() with a signal: 2 in the queue, waits
it-pushable 3.2.4, onEmpty() with a signal: 0 in the queue, has resolved
TEXT

node probe.mjs | tee seen
diff expected seen
