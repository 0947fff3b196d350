#!/usr/bin/env bash
# @repeaterjs/repeater 3.1.0: a rejected promise that was pushed before stop() ends
# the loop without an error
#
# A good guess: What is pushed arrives in order. A promise that rejects throws in
# the loop, whether stop() was called meanwhile or not.
#
# What happens: If stop() was called, the loop ends at the rejected promise as if
# all had arrived. The error is lost, and so are the values behind it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @repeaterjs/repeater@3.1.0

cat >probe.mjs <<'CODE'
import { Repeater } from "@repeaterjs/repeater";

async function show(title, stops) {
  const seen = [];
  const values = new Repeater((push, stop) => {
    push(1);
    push(Promise.reject(new Error("read failed")));
    push(3);
    if (stops) stop();
  });
  try {
    for await (const value of values) seen.push(value);
    seen.push("end");
  } catch (error) {
    seen.push(error.message);
  }
  console.log(title, seen.join(", "));
}

console.log("@repeaterjs/repeater 3.1.0");
await show("without stop():", false);
await show("with stop():", true);
CODE

cat >expected <<'TEXT'
@repeaterjs/repeater 3.1.0
without stop(): 1, read failed
with stop(): 1, end
TEXT

node probe.mjs | tee seen
diff expected seen
