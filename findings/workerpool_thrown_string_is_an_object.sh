#!/usr/bin/env bash
# workerpool 10.0.3: a string thrown in a worker arrives as an object of its
# characters
#
# A good guess: What a function throws in a worker is what its promise rejects
# with, as far as it can be cloned: a string can.
#
# What happens: Everything thrown is copied property by property into an object:
# a string becomes { 0: "b", 1: "a", ... }, a number an empty object. An Error
# arrives as an Error, but without its class and with its name overwritten.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  workerpool@10.0.3

cat >probe.mjs <<'CODE'
import workerpool from "workerpool";

const pool = workerpool.pool({ maxWorkers: 1 });
const rejection = (work) => pool.exec(work).then(() => "no error", (error) => error);
console.log("workerpool 10.0.3");
console.log('throw "bad"     ', JSON.stringify(await rejection(() => { throw "bad"; })));
console.log("throw 42        ", JSON.stringify(await rejection(() => { throw 42; })));
const error = await rejection(() => { throw new RangeError("far"); });
console.log("throw RangeError", error instanceof RangeError, error.name, error.message);
await pool.terminate();
CODE

cat >expected <<'TEXT'
workerpool 10.0.3
throw "bad"      {"0":"b","1":"a","2":"d"}
throw 42         {}
throw RangeError false Error far
TEXT

node probe.mjs | tee seen
diff expected seen
