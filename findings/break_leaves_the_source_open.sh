#!/usr/bin/env bash
# streaming-iterables 8.0.1, ix 7.0.0, async 3.2.6: a source is not closed when
# its reader leaves
#
# A good guess: `break` in a loop over an operator closes the generator that the
# operator reads (its `finally` runs), as it does for take() and for a plain
# `yield*`.
#
# What happens: streaming-iterables closes it in take() and map(), but not in
# buffer(), parallelMap(), transform() or merge(). merge() of ix closes none of
# its sources either, nor does it when one of them throws. mapLimit() of async
# leaves the generator open when the function rejects. merge() of it-merge
# 3.0.15 and Repeater.merge() of @repeaterjs/repeater 3.1.0 close all of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  streaming-iterables@8.0.1 ix@7.0.0 async@3.2.6 it-merge@3.0.15 \
  @repeaterjs/repeater@3.1.0

cat >probe.mjs <<'CODE'
import { Repeater } from "@repeaterjs/repeater";
import async from "async";
import itMerge from "it-merge";
import * as ix from "ix/asynciterable";
import * as streaming from "streaming-iterables";

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
};
let closed = 0;
async function* source() {
  try {
    for (let i = 0; i < 1000; i++) {
      await null;
      yield i;
    }
  } finally {
    closed++;
  }
}
async function leave(name, sources, iterable) {
  closed = 0;
  for await (const value of iterable) if (value === 3) break;
  await turns();
  console.log(`${name}: closed ${closed} of ${sources}`);
}
const same = async (value) => value;
await leave("streaming-iterables take", 1, streaming.take(9, source()));
await leave("streaming-iterables map", 1, streaming.map(same, source()));
await leave("streaming-iterables buffer", 1, streaming.buffer(2, source()));
await leave("streaming-iterables parallelMap", 1, streaming.parallelMap(2, same, source()));
await leave("streaming-iterables transform", 1, streaming.transform(2, same, source()));
await leave("streaming-iterables merge", 2, streaming.merge(source(), source()));
await leave("ix merge", 2, ix.merge(source(), source()));
await leave("it-merge", 2, itMerge(source(), source()));
await leave("Repeater.merge", 2, Repeater.merge([source(), source()]));
closed = 0;
const rejected = await async.mapLimit(source(), 2, async (value) => {
  if (value === 3) throw new Error("three");
}).catch((error) => error.message);
await turns();
console.log(`async mapLimit, rejected with "${rejected}": closed ${closed} of 1`);
CODE

cat >expected <<'TEXT'
streaming-iterables take: closed 1 of 1
streaming-iterables map: closed 1 of 1
streaming-iterables buffer: closed 0 of 1
streaming-iterables parallelMap: closed 0 of 1
streaming-iterables transform: closed 0 of 1
streaming-iterables merge: closed 0 of 2
ix merge: closed 0 of 2
it-merge: closed 2 of 2
Repeater.merge: closed 2 of 2
async mapLimit, rejected with "three": closed 0 of 1
TEXT

node probe.mjs | tee seen
diff expected seen
