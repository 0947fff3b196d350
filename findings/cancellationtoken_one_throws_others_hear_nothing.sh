#!/usr/bin/env bash
# cancellationtoken 2.2.0: a callback that throws keeps the others from hearing
# of the cancellation
#
# A good guess: Each callback of onCancelled() is called, as listeners of an
# AbortSignal are; what one throws is reported, or thrown to the caller of
# cancel() behind the last.
#
# What happens: cancel() throws in the middle. The callbacks behind it are not
# called, also not by a second cancel(), since the token is cancelled by then.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  cancellationtoken@2.2.0

cat >probe.mjs <<'CODE'
import imported from "cancellationtoken";

const CancellationToken = imported.default ?? imported;
process.on("uncaughtException", () => {});
const names = ["first", "throws", "third"];
const listener = (seen, name) => () => {
  seen.push(name);
  if (name === "throws") throw new Error("in the callback");
};
{
  const seen = [], { token, cancel } = CancellationToken.create();
  for (const name of names) token.onCancelled(listener(seen, name));
  const outcomes = [];
  for (let call = 0; call < 2; call++) {
    try {
      cancel("stop");
      outcomes.push("returns");
    } catch {
      outcomes.push("throws");
    }
  }
  console.log(`cancellationtoken 2.2.0: ${seen.join(", ")}; cancel() ${outcomes.join(", ")}; isCancelled ${token.isCancelled}`);
}
{
  const seen = [], controller = new AbortController();
  for (const name of names) controller.signal.addEventListener("abort", listener(seen, name));
  controller.abort();
  console.log(`AbortSignal: ${seen.join(", ")}`);
}
CODE

cat >expected <<'TEXT'
cancellationtoken 2.2.0: first, throws; cancel() throws, returns; isCancelled true
AbortSignal: first, throws, third
TEXT

node probe.mjs | tee seen
diff expected seen
