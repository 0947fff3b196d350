#!/usr/bin/env bash
# event-iterator 2.0.0: return() leaves the calls of next() waiting for ever
#
# A good guess: return() ends the iterator, so a next() that waits for an event
# resolves with done: true, as it does with the iterators of node:events.
#
# What happens: The listener is removed and return() resolves, but a next() that
# was called before never settles: code that awaits it stays there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  event-iterator@2.0.0

cat >probe.mjs <<'CODE'
import { EventEmitter, on } from "node:events";
import { EventIterator } from "event-iterator";

async function stateOf(next) {
  const late = new Promise((resolve) => setTimeout(resolve, 300, "pending"));
  return JSON.stringify(await Promise.race([next, late]));
}

const own = on(new EventEmitter(), "event");
const nextOfNode = own.next();
await own.return();
console.log("node:events:", await stateOf(nextOfNode));

const iterator = new EventIterator(() => () => console.log("listener removed"))
  [Symbol.asyncIterator]();
const next = iterator.next();
await iterator.return();
console.log("event-iterator 2.0.0:", await stateOf(next));
CODE

cat >expected <<'TEXT'
node:events: {"done":true}
listener removed
event-iterator 2.0.0: "pending"
TEXT

node probe.mjs | tee seen
diff expected seen
