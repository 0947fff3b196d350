#!/usr/bin/env bash
# node:stream of Node 20 and Deno 2.9.6: the signal that Readable.map() gives
# its function is not aborted when the stream is destroyed
#
# A good guess: The signal tells the function that its result is wanted no more:
# it aborts when the stream is destroyed, as the documentation says, so after an
# error of another call, and when a loop over the stream is left.
#
# What happens: It aborts only when the signal that was given to map() itself
# does. After an error, a `break` or destroy() the other calls go on to their
# end: requests that were handed the signal are not broken off.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >probe.mjs <<'CODE'
import { Readable } from "node:stream";

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setTimeout(done));
};
async function show(name, use, own) {
  let aborted = 0;
  const stream = Readable.from([1, 2, 3]).map(async (value, { signal }) => {
    signal.addEventListener("abort", () => aborted++);
    if (value === 1 && name === "an error") throw new Error("no");
    if (value > 1 || name === "destroy()" || own) await new Promise(() => {});
    return value;
  }, { concurrency: 2, signal: own?.signal });
  stream.on("error", () => {});
  await use(stream);
  await turns();
  console.log(`${name}: ${aborted === 0 ? "no signal is aborted" : "the signals are aborted"}`);
}
const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : `Node ${process.versions.node.split(".")[0]}`;
console.log(runtime);
await show("an error", (stream) => stream.toArray().catch(() => {}));
await show("break", async (stream) => {
  for await (const _value of stream) break;
});
await show("destroy()", async (stream) => {
  stream.resume();
  await turns();
  stream.destroy();
});
const controller = new AbortController();
await show("abort of the own signal", async (stream) => {
  stream.resume();
  await turns();
  controller.abort();
}, controller);
(globalThis.Deno ?? process).exit();
CODE

cat >expected <<'TEXT'
Node 20
an error: no signal is aborted
break: no signal is aborted
destroy(): no signal is aborted
abort of the own signal: the signals are aborted
Deno 2.9.6
an error: no signal is aborted
break: no signal is aborted
destroy(): no signal is aborted
abort of the own signal: the signals are aborted
TEXT

(node probe.mjs && deno run --quiet --no-lock -A probe.mjs) | tee seen
diff expected seen
