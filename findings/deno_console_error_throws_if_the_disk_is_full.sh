#!/usr/bin/env bash
# Deno 2.9.6: console.error() and console.log() throw if their output cannot be
# written
#
# A good guess: Logging never fails, so it may stand in a `catch` or a
# `finally`: in Node 20 the line is lost, and no call of console throws.
#
# What happens: With standard error in a file on a disk that is full (or
# /dev/full) console.error() throws. The error that it was to report is replaced
# by that one, and what stands behind the call does not run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import { appendFileSync } from "node:fs";

const name = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node 20";
for (const method of ["error", "warn", "log"]) {
  let outcome = "returns";
  try {
    console[method]("cannot reach the server");
  } catch (error) {
    outcome = `throws "${error.message}"`;
  }
  appendFileSync("seen", `${name}, console.${method}(): ${outcome}\n`);
}
CODE

cat >expected <<'TEXT'
Deno 2.9.6, console.error(): throws "No space left on device (os error 28)"
Deno 2.9.6, console.warn(): throws "No space left on device (os error 28)"
Deno 2.9.6, console.log(): throws "No space left on device (os error 28)"
Node 20, console.error(): returns
Node 20, console.warn(): returns
Node 20, console.log(): returns
TEXT

deno run --quiet --no-lock -A probe.mjs >/dev/full 2>/dev/full
node probe.mjs >/dev/full 2>/dev/full || true
cat seen
diff expected seen
