#!/usr/bin/env bash
# debounce-promise 3.1.2, ts-debounce 5.0.1, awesome-debounce-promise 2.1.0,
# it-queue 1.1.4: what a function throws before it returns a promise reaches no
# caller
#
# A good guess: The caller's promise rejects with it, as with the error of an
# async function: p-debounce 5.1.1 and p-queue 9.3.5 do so.
#
# What happens: The promise stays open for ever, and with it whatever awaits it.
# In the three debounced functions the error is an uncaught exception besides,
# which ends a program that has caught everything it could.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  debounce-promise@3.1.2 ts-debounce@5.0.1 awesome-debounce-promise@2.1.0 \
  p-debounce@5.1.1 it-queue@1.1.4 p-queue@9.3.5

cat >probe.mjs <<'CODE'
import process from "node:process";
import awesome from "awesome-debounce-promise";
import debouncePromise from "debounce-promise";
import { Queue } from "it-queue";
import pDebounce from "p-debounce";
import PQueue from "p-queue";
import tsDebounce from "ts-debounce";

let uncaught;
process.on("uncaughtException", () => uncaught = true);
const turns = async () => {
  for (let i = 0; i < 50; i++) await new Promise((done) => setTimeout(done));
};
async function fails() {
  throw new Error("no");
}
function throws() {
  throw new Error("no");
}
async function show(name, call) {
  for (const task of [fails, throws]) {
    uncaught = false;
    let state = "never settles";
    call(task).then(() => state = "resolves", () => state = "rejects");
    await turns();
    console.log(`${name}, ${task === fails ? "async" : "plain"} function: ${state}${uncaught ? ", and an uncaught exception" : ""}`);
  }
}
await show("p-debounce 5.1.1", (task) => pDebounce(task, 1)());
await show("debounce-promise 3.1.2", (task) => debouncePromise(task, 1)());
await show("ts-debounce 5.0.1", (task) => tsDebounce.debounce(task, 1)());
await show("awesome-debounce-promise 2.1.0", (task) => (awesome.default ?? awesome)(task, 1)());
await show("p-queue 9.3.5", (task) => new PQueue().add(task));
await show("it-queue 1.1.4", (task) => new Queue().add(task));
process.exit();
CODE

cat >expected <<'TEXT'
p-debounce 5.1.1, async function: rejects
p-debounce 5.1.1, plain function: rejects
debounce-promise 3.1.2, async function: rejects
debounce-promise 3.1.2, plain function: never settles, and an uncaught exception
ts-debounce 5.0.1, async function: rejects
ts-debounce 5.0.1, plain function: never settles, and an uncaught exception
awesome-debounce-promise 2.1.0, async function: rejects
awesome-debounce-promise 2.1.0, plain function: never settles, and an uncaught exception
p-queue 9.3.5, async function: rejects
p-queue 9.3.5, plain function: rejects
it-queue 1.1.4, async function: rejects
it-queue 1.1.4, plain function: never settles
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
