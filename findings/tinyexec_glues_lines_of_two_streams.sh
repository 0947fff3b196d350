#!/usr/bin/env bash
# tinyexec 1.4.0: iterating gives lines that are half standard output and half
# standard error
#
# A good guess: Lines of both streams come in some order, but each line is of
# one stream.
#
# What happens: Both streams go through one line splitter. A line that is not
# complete when the other stream writes is continued by that one: a prompt or a
# progress bar and a warning become one line.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  tinyexec@1.4.0

cat >probe.mjs <<'CODE'
import { writeFileSync } from "node:fs";
import { x } from "tinyexec";

// Each write waits until the one before was read.
const script = `
  printf 'result: '; until [ -e seen1 ]; do sleep 0.05; done
  echo 'warning' >&2; until [ -e seen2 ]; do sleep 0.05; done
  echo 42
`;
console.log("tinyexec 1.4.0, stdout: 'result: 42', stderr: 'warning'");
const child = x("sh", ["-c", script]);
child.process.stdout.once("data", () => writeFileSync("seen1", ""));
child.process.stderr.once("data", () => writeFileSync("seen2", ""));
for await (const line of child) console.log(JSON.stringify(line));
CODE

cat >expected <<'TEXT'
tinyexec 1.4.0, stdout: 'result: 42', stderr: 'warning'
"result: warning"
"42"
TEXT

node probe.mjs | tee seen
diff expected seen
