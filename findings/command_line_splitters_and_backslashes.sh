#!/usr/bin/env bash
# args-tokenizer 0.3.0, shellwords 1.1.1, string-argv 0.4.0, shell-quote 1.12.0:
# words that a shell reads otherwise
#
# A good guess: Splitting a command line into words gives those that sh gives,
# for lines without variables, patterns and operators: a backslash in single
# quotes is a backslash, in front of a quote it escapes it, and "#" in the middle
# of a word is a letter.
#
# What happens: args-tokenizer and shellwords drop the backslash in single and in
# double quotes: an expression like '\d+' becomes d+. string-argv knows no escaped
# blank, and keeps the backslash but drops the quote in "a\"b". shell-quote takes
# the fragment of an address, and all that follows, for a comment. shlex 3.0.0
# reads these lines as sh does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  args-tokenizer@0.3.0 shellwords@1.1.1 string-argv@0.4.0 shell-quote@1.12.0 \
  shlex@3.0.0

cat >probe.mjs <<'CODE'
import { tokenizeArgs } from "args-tokenizer";
import { execFileSync } from "node:child_process";
import shellQuote from "shell-quote";
import * as shellwords from "shellwords";
import * as shlex from "shlex";
import { parseArgsStringToArgv } from "string-argv";

const splitters = {
  "args-tokenizer": tokenizeArgs,
  shellwords: shellwords.split,
  "string-argv": parseArgsStringToArgv,
  "shell-quote": shellQuote.parse,
  shlex: shlex.split,
};
const lines = [String.raw`grep '\d+' log`, String.raw`grep "\d+" log`, String.raw`echo "a\"b"`, String.raw`ls my\ file`, "open page.html#top now"];
for (const line of lines) {
  const words = execFileSync("sh", ["-c", `printf '%s\\0' ${line}`]).toString().split("\0").slice(0, -1);
  const wanted = JSON.stringify(words);
  console.log(`${line}\n  sh: ${wanted}`);
  for (const [name, split] of Object.entries(splitters)) {
    const given = JSON.stringify(split(line));
    if (given !== wanted) console.log(`  ${name}: ${given}`);
  }
}
CODE

cat >expected <<'TEXT'
grep '\d+' log
  sh: ["grep","\\d+","log"]
  args-tokenizer: ["grep","d+","log"]
  shellwords: ["grep","d+","log"]
grep "\d+" log
  sh: ["grep","\\d+","log"]
  args-tokenizer: ["grep","d+","log"]
  shellwords: ["grep","d+","log"]
echo "a\"b"
  sh: ["echo","a\"b"]
  string-argv: ["echo","a\\b"]
ls my\ file
  sh: ["ls","my file"]
  string-argv: ["ls","my\\","file"]
open page.html#top now
  sh: ["open","page.html#top","now"]
  shell-quote: ["open","page.html",{"comment":"top now"}]
TEXT

node probe.mjs | tee seen
diff expected seen
