#!/usr/bin/env bash
# child-process-ext 3.0.2: a command that was killed is a success
#
# A good guess: The promise rejects if the command did not end well, as with
# nano-spawn 2.1.0 and promisify-child-process 5.0.1.
#
# What happens: It rejects only for an exit code other than 0. A command that
# was killed by a signal has none, and the promise resolves, with code null: a
# build that ran out of memory or crashed goes on to its next step.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  child-process-ext@3.0.2 nano-spawn@2.1.0 promisify-child-process@5.0.1

cat >probe.mjs <<'CODE'
import spawnExt from "child-process-ext/spawn.js";
import nanoSpawn from "nano-spawn";
import { spawn } from "promisify-child-process";

for (const script of ["exit 3", "kill -KILL $$", "kill -SEGV $$"]) {
  console.log(`sh -c '${script}'`);
  for (const [name, run] of Object.entries({ "child-process-ext": spawnExt, "nano-spawn": nanoSpawn, "promisify-child-process": spawn })) {
    const outcome = await run("sh", ["-c", script]).then(({ code }) => `resolves, code ${code}`, () => "rejects");
    console.log(`  ${name}: ${outcome}`);
  }
}
CODE

cat >expected <<'TEXT'
sh -c 'exit 3'
  child-process-ext: rejects
  nano-spawn: rejects
  promisify-child-process: rejects
sh -c 'kill -KILL $$'
  child-process-ext: resolves, code null
  nano-spawn: rejects
  promisify-child-process: rejects
sh -c 'kill -SEGV $$'
  child-process-ext: resolves, code null
  nano-spawn: rejects
  promisify-child-process: rejects
TEXT

node probe.mjs | tee seen
diff expected seen
