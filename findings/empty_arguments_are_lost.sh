#!/usr/bin/env bash
# args-tokenizer 0.3.0, shellwords 1.1.1, shell-escape 0.2.0: an empty argument
# is no argument
#
# A good guess: '' and "" are words, as in every shell, and an empty argument is
# quoted to one: the arguments after it keep their places.
#
# What happens: args-tokenizer leaves them out when it splits, so that
# `tool --name '' --force` gives --name the value --force; split() of shellwords
# leaves out one at the end. shell-escape and escape() of shellwords make an empty
# text of an empty argument, and the shell that reads it sees nothing. shlex
# 3.0.0, string-argv 0.4.0, shell-quote 1.12.0 and puka 1.0.1 keep it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  args-tokenizer@0.3.0 shellwords@1.1.1 shell-escape@0.2.0 shlex@3.0.0 \
  string-argv@0.4.0 shell-quote@1.12.0 puka@1.0.1

cat >probe.mjs <<'CODE'
import { tokenizeArgs } from "args-tokenizer";
import { execFileSync } from "node:child_process";
import puka from "puka";
import shellEscape from "shell-escape";
import shellQuote from "shell-quote";
import * as shellwords from "shellwords";
import * as shlex from "shlex";
import { parseArgsStringToArgv } from "string-argv";

const seen = (line) => execFileSync("sh", ["-c", `for word in ${line}; do printf '<%s>' "$word"; done`]).toString();
const splitters = {
  "args-tokenizer": tokenizeArgs,
  shellwords: shellwords.split,
  shlex: shlex.split,
  "string-argv": parseArgsStringToArgv,
  "shell-quote": shellQuote.parse,
};
for (const line of ["tool --name '' --force", "tool --name ''"]) {
  console.log(`${line}\n  sh: ${seen(line)}`);
  for (const [name, split] of Object.entries(splitters)) {
    console.log(`  ${name}: ${split(line).map((word) => `<${word}>`).join("")}`);
  }
}
const words = ["tool", "--name", "", "--force"];
console.log(`${JSON.stringify(words)} quoted, read by sh`);
const quoters = {
  "shell-escape": shellEscape,
  shellwords: (all) => all.map(shellwords.escape).join(" "),
  shlex: shlex.join,
  "shell-quote": shellQuote.quote,
  puka: (all) => puka.sh`${all}`,
};
for (const [name, quote] of Object.entries(quoters)) console.log(`  ${name}: ${seen(quote(words))}`);
CODE

cat >expected <<'TEXT'
tool --name '' --force
  sh: <tool><--name><><--force>
  args-tokenizer: <tool><--name><--force>
  shellwords: <tool><--name><><--force>
  shlex: <tool><--name><><--force>
  string-argv: <tool><--name><><--force>
  shell-quote: <tool><--name><><--force>
tool --name ''
  sh: <tool><--name><>
  args-tokenizer: <tool><--name>
  shellwords: <tool><--name>
  shlex: <tool><--name><>
  string-argv: <tool><--name><>
  shell-quote: <tool><--name><>
["tool","--name","","--force"] quoted, read by sh
  shell-escape: <tool><--name><--force>
  shellwords: <tool><--name><--force>
  shlex: <tool><--name><><--force>
  shell-quote: <tool><--name><><--force>
  puka: <tool><--name><><--force>
TEXT

node probe.mjs | tee seen
diff expected seen
