#!/usr/bin/env bash
# Deno 2.9.6: after an uncaught error no "exit" listener of node:process runs,
# and no "unload" listener
#
# A good guess: process.on("exit") runs whenever the program ends by itself,
# with code 1 after an uncaught error, as in Node: libraries such as signal-exit
# build their clean-up on it.
#
# What happens: It runs at a natural end and after process.exit(), but not after
# an exception or a rejection that nothing catches: what it would remove
# (temporary files, locks, the cursor that was hidden) stays.
# "uncaughtExceptionMonitor" of node:process is emitted, so it can stand in for
# it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  signal-exit@4.1.0

cat >probe.mjs <<'CODE'
import process from "node:process";
import { onExit } from "signal-exit";

const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node";
const [kind] = process.argv.slice(2);
const note = (what) => console.log(`${runtime}, ${kind}: ${what}`);
process.on("uncaughtExceptionMonitor", () => note("uncaughtExceptionMonitor"));
process.on("exit", (code) => note(`exit listener, code ${code}`));
onExit(() => note("onExit of signal-exit"));
setTimeout(() => {
  if (kind === "uncaught") throw new Error("uncaught");
  if (kind === "exit") process.exit(3);
});
CODE

cat >expected <<'TEXT'
Node, exit: exit listener, code 3
Node, exit: onExit of signal-exit
Deno 2.9.6, exit: exit listener, code 3
Deno 2.9.6, exit: onExit of signal-exit
Node, uncaught: uncaughtExceptionMonitor
Node, uncaught: exit listener, code 1
Node, uncaught: onExit of signal-exit
Deno 2.9.6, uncaught: uncaughtExceptionMonitor
TEXT

for kind in exit uncaught; do
  node probe.mjs "$kind" 2>/dev/null || true
  deno run --quiet --no-lock -A probe.mjs "$kind" 2>/dev/null || true
done | tee seen
diff expected seen
