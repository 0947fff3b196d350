#!/usr/bin/env bash
# caf 15.0.1: a function that is cancelled and yields in its `finally` rejects
# with a promise, and its clean-up stops there
#
# A good guess: `finally` may wait, as everywhere in such a function: the
# clean-up goes on behind its `yield`, and then the call rejects with the reason
# that was given to abort(), as it does with a `finally` that does not wait.
#
# What happens: The call rejects at once, and its reason is the promise that was
# yielded. What stands behind the `yield` in the `finally` does not run, unless
# what the function had waited for ends after all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  caf@15.0.1

cat >probe.mjs <<'CODE'
import { CAF } from "caf";

const sleep = (time) => new Promise((done) => setTimeout(done, time));
async function show(name, cleanUp) {
  const token = new CAF.cancelToken(), log = [];
  const work = CAF(function* () {
    try {
      yield new Promise(() => {});
    } finally {
      yield* cleanUp(log);
    }
  });
  const result = work(token).catch((reason) => log.push(reason instanceof Promise ? "rejected with a promise" : `rejected with "${reason}"`));
  token.abort("stopped");
  await result;
  await sleep(500);
  console.log(`caf 15.0.1, ${name}: ${log.join(", ")}`);
}
await show("no yield in finally", function* (log) {
  log.push("closing", "closed");
});
await show("a yield in finally ", function* (log) {
  log.push("closing");
  yield sleep(10);
  log.push("closed");
});
process.exit();
CODE

cat >expected <<'TEXT'
caf 15.0.1, no yield in finally: closing, closed, rejected with "stopped"
caf 15.0.1, a yield in finally : closing, rejected with a promise
TEXT

node probe.mjs | tee seen
diff expected seen
