#!/usr/bin/env bash
# shell-exec 1.1.2: a line feed stands between the chunks of the output
#
# A good guess: stdout is what the command has written, byte for byte, however
# many reads it took.
#
# What happens: Each chunk that was read is taken for a line: what is longer
# than a buffer of the pipe gets line feeds in the middle of words and of JSON,
# and two words that were written after each other come as two lines if they
# were read one by one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  shell-exec@1.1.2 promisify-child-process@5.0.1

cat >probe.mjs <<'CODE'
import { exec } from "promisify-child-process";
import shellExec from "shell-exec";

const run = shellExec.default ?? shellExec;
const COMMAND = `"${process.execPath}" -e 'process.stdout.write(JSON.stringify({ text: "x".repeat(1e6) }))'`;
function show(name, { stdout }) {
  let outcome = "JSON";
  try {
    JSON.parse(stdout);
  } catch (error) {
    outcome = error.name;
  }
  console.log(`${name}: ${outcome}, ${stdout.includes("\n") ? "with line feeds" : "one line"}`);
}
show("promisify-child-process 5.0.1", await exec(COMMAND, { maxBuffer: 2e6 }));
show("shell-exec 1.1.2", await run(COMMAND));
CODE

cat >expected <<'TEXT'
promisify-child-process 5.0.1: JSON, one line
shell-exec 1.1.2: SyntaxError, with line feeds
TEXT

node probe.mjs | tee seen
diff expected seen
