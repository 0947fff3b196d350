#!/usr/bin/env bash
# node:worker_threads of Deno 2.9.6: stdout: true does not keep a worker's
# output out of the program's
#
# A good guess: `stdout: true` keeps what the worker prints away from the
# program's standard output, and gives it as worker.stdout.
#
# What happens: What process.stdout.write() writes appears twice: in
# worker.stdout and in the program's output. What console.log() prints goes to
# the program's output alone. A protocol on standard output is broken by both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import { once } from "node:events";
import { Worker } from "node:worker_threads";

const code = 'console.log("logged"); process.stdout.write("written\\n");';
const worker = new Worker(code, { eval: true, stdout: true });
let captured = "";
worker.stdout.on("data", (chunk) => captured += chunk);
await once(worker, "exit");
for (let i = 0; i < 50; i++) await new Promise((done) => setTimeout(done));
console.error(`captured ${JSON.stringify(captured)}`);
CODE

cat >expected <<'TEXT'
node: captured "logged\nwritten\n", the program printed 
deno: captured "written\n", the program printed logged written
TEXT

for run in "node" "deno run --quiet -A"; do
  $run probe.mjs >output 2>captured
  echo "${run%% *}: $(cat captured), the program printed $(paste -sd ' ' output)"
done | tee seen
diff expected seen
