#!/usr/bin/env bash
# zx 8.8.5: a pipe whose reader ends first raises an uncaught EPIPE
#
# A good guess: `yes | head -n1` in a shell ends with head's success: yes gets
# SIGPIPE. execa and nano-spawn reject with a failed command, which can be
# caught.
#
# What happens: The promise of the pipe resolves with the line, and beside it
# the process gets an uncaught exception, "write EPIPE", that belongs to no
# promise: it ends the program unless it listens for these.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  zx@8.8.5

cat >probe.mjs <<'CODE'
import { $ } from "zx";

$.verbose = false;
const uncaught = new Promise((resolve) => process.once("uncaughtException", resolve));
process.on("uncaughtException", () => {});
const result = await $`yes`.pipe($`head -n1`).nothrow();
console.log(`zx 8.8.5: the pipe gave ${JSON.stringify(result.stdout)}`);
console.log(`uncaught exception: ${(await uncaught).message}`);
process.exit();
CODE

cat >expected <<'TEXT'
zx 8.8.5: the pipe gave "y\n"
uncaught exception: write EPIPE
TEXT

node probe.mjs | tee seen
diff expected seen
