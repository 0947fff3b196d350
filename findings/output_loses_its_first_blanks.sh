#!/usr/bin/env bash
# @npmcli/promise-spawn 9.0.2, tinyspawn 1.5.10: blanks at the beginning of the
# output are lost
#
# A good guess: The line feed at the end may be taken away, as a shell does in
# $(...) and execa does. The beginning is output: in "git status --porcelain" a
# blank in the first column has a meaning.
#
# What happens: The output is trimmed at both ends, so the first line loses its
# columns: " M a.txt" (changed, not staged) reads like "M a.txt", of which the
# columns begin one too early. Blank lines at the end, which may count in lists
# of records, are gone too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @npmcli/promise-spawn@9.0.2 tinyspawn@1.5.10 execa@9.6.1

cat >probe.mjs <<'CODE'
import promiseSpawn from "@npmcli/promise-spawn";
import { execa } from "execa";
import $ from "tinyspawn";

const command = ["printf", [" M a.txt\\n M b.txt\\n"]];
console.log("execa 9.6.1:                 ", JSON.stringify((await execa(...command)).stdout));
console.log("@npmcli/promise-spawn 9.0.2: ", JSON.stringify((await promiseSpawn(...command)).stdout));
console.log("tinyspawn 1.5.10:            ", JSON.stringify((await $(...command)).stdout));
CODE

cat >expected <<'TEXT'
execa 9.6.1:                  " M a.txt\n M b.txt"
@npmcli/promise-spawn 9.0.2:  "M a.txt\n M b.txt"
tinyspawn 1.5.10:             "M a.txt\n M b.txt"
TEXT

node probe.mjs | tee seen
diff expected seen
