#!/usr/bin/env bash
# node:child_process of Deno 2.9.6: with shell: true the arguments are quoted,
# and the warning says that they are not
#
# A good guess: As in Node, `shell: true` joins the program and its arguments
# with spaces, and the shell reads them: variables are replaced, words are
# split, `;` begins another command.
#
# What happens: Deno quotes each argument, so that the shell sees it as one
# word, and warns all the same (DEP0190) that they are only concatenated. A
# program that relies on the shell behaves otherwise than on Node 20. One string
# without arguments is read by the shell in both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import { spawnSync } from "node:child_process";

const options = { shell: true, encoding: "utf8", env: { NAME: "value", PATH: process.env.PATH } };
const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node 20  ";
const show = (name, result) => console.log(`${runtime}, ${name}: ${JSON.stringify(result.stdout)}`);
show("arguments ", spawnSync("echo", ["$NAME", "two  spaces", "; echo more"], options));
show("one string", spawnSync("echo $NAME two  spaces; echo more", options));
CODE

cat >expected <<'TEXT'
Node 20  , arguments : "value two spaces\nmore\n"
Node 20  , one string: "value two spaces\nmore\n"
Deno 2.9.6, arguments : "$NAME two  spaces ; echo more\n"
Deno 2.9.6, one string: "value two spaces\nmore\n"
not escaped, only concatenated
TEXT

{ node --no-deprecation probe.mjs; deno run --quiet -A probe.mjs 2>warning; \
  grep -o 'not escaped, only concatenated' warning; } | tee seen
diff expected seen
