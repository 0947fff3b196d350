#!/usr/bin/env bash
# async-retry 1.3.3: a function that has called bail() is called again
#
# A good guess: bail() ends it: the promise rejects with the error that was
# given, and there is no further attempt, whatever the function does after that
# (the README returns).
#
# What happens: The promise rejects at once, but if the function then throws, as
# a `throw` behind the call or a `finally` that fails does, it is tried again
# until the retries are used up, behind the back of the caller.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  async-retry@1.3.3

cat >probe.mjs <<'CODE'
import retry from "async-retry";

async function show(name, body) {
  let calls = 0;
  const outcome = await retry(async (bail) => {
    calls++;
    bail(new Error("forbidden"));
    return body();
  }, { retries: 3, minTimeout: 1, maxTimeout: 1 }).catch((error) => error.message);
  const then = calls;
  // The timers of the retries are those of Node: the program ends behind them.
  process.on("exit", () => console.log(`async-retry 1.3.3, bail(), then ${name}: "${outcome}" after ${then} call, ${calls} in the end`));
}
await show("return", () => {});
await show("throw ", () => {
  throw new Error("forbidden");
});
CODE

cat >expected <<'TEXT'
async-retry 1.3.3, bail(), then return: "forbidden" after 1 call, 1 in the end
async-retry 1.3.3, bail(), then throw : "forbidden" after 1 call, 4 in the end
TEXT

node probe.mjs | tee seen
diff expected seen
