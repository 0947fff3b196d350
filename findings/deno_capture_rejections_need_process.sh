#!/usr/bin/env bash
# node:events of Deno 2.9.6: captureRejections loses the error of an async
# listener, unless node:process was loaded
#
# A good guess: new EventEmitter({ captureRejections: true }) emits "error" when
# the promise of a listener rejects, as in Node.
#
# What happens: Nothing is emitted, and there is no unhandled rejection either:
# the error is gone. It arrives once anything in the program has loaded
# node:process (which many packages do): a test passes, and the program loses
# the error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import { EventEmitter } from "node:events";

const [name, load] = globalThis.Deno?.args ?? [`Node 20`];
if (load === "yes") await import("node:process");
globalThis.addEventListener?.("unhandledrejection", (event) => {
  event.preventDefault();
  seen.push("unhandled rejection");
});
const seen = [];
const emitter = new EventEmitter({ captureRejections: true });
emitter.on("error", (error) => seen.push(`"error" with "${error.message}"`));
emitter.on("data", async () => {
  throw new Error("cannot parse");
});
emitter.emit("data");
await new Promise((done) => setTimeout(done, 200));
console.log(`${name}: ${seen.join() || "nothing"}`);
CODE

cat >expected <<'TEXT'
Deno 2.9.6: nothing
Deno 2.9.6 with node:process: "error" with "cannot parse"
Node 20: "error" with "cannot parse"
TEXT

deno run --quiet --no-lock -A probe.mjs "Deno 2.9.6" no | tee seen
deno run --quiet --no-lock -A probe.mjs "Deno 2.9.6 with node:process" yes | tee -a seen
node probe.mjs | tee -a seen
diff expected seen
