#!/usr/bin/env bash
# command-stream 0.7.1: `echo a | cat` gives the word "inherit", and quotes
# become part of the text
#
# A good guess: The line runs as in sh: the README calls it a shell.
#
# What happens: echo and cat have implementations of their own, in JavaScript.
# The `stdin: "inherit"` of the pipeline is taken for cat's input text. echo
# prints variables without reading them, and the quotes that were added around
# interpolated values; a `for` loop is cut at its semicolons and each piece
# handed to sh.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  command-stream@0.7.1

cat >probe.mjs <<'CODE'
import { execFileSync } from "node:child_process";
import { $ } from "command-stream";

const quiet = $({ mirror: false });
const value = "it's two";
const sh = (script) => execFileSync("sh", ["-c", script, "sh", value], { encoding: "utf8" });
function show(script, { code, stdout }, expected) {
  console.log(`${script}: exit ${code}, ${JSON.stringify(stdout)}, sh gives ${JSON.stringify(expected)}`);
}
process.env.NAME = "value";
console.log("command-stream 0.7.1");
show("echo a | cat", await quiet`echo a | cat`, sh("echo a | cat"));
show('echo "$NAME"', await quiet`echo "$NAME"`, sh('echo "$NAME"'));
show("echo ${value}", await quiet`echo ${value}`, sh('echo "$1"'));
show("for i in 1 2; do echo $i; done", await quiet`for i in 1 2; do echo $i; done`, sh("for i in 1 2; do echo $i; done"));
process.exit();
CODE

cat >expected <<'TEXT'
command-stream 0.7.1
echo a | cat: exit 0, "inherit", sh gives "a\n"
echo "$NAME": exit 0, "$NAME\n", sh gives "value\n"
echo ${value}: exit 0, "'it'\\''s two\n", sh gives "it's two\n"
for i in 1 2; do echo $i; done: exit 2, "", sh gives "1\n2\n"
TEXT

node probe.mjs | tee seen
diff expected seen
