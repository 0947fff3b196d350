#!/usr/bin/env bash
# qyu 0.4.7: jobs behind one that throws at once do not start until another is
# added
#
# A good guess: A job that has failed frees its place, whether its function
# throws or the promise rejects: the next one starts.
#
# What happens: The promise of the job rejects, and the queue stands still: the
# jobs behind it start when something else is added, which for a queue that was
# filled once is never. With an async function, which rejects, they go on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  qyu@0.4.7

cat >probe.mjs <<'CODE'
import qyu from "qyu";

const turns = async () => {
  for (let i = 0; i < 50; i++) await new Promise((done) => setTimeout(done));
};
async function fails() {
  throw new Error("no");
}
function throws() {
  throw new Error("no");
}
for (const first of [fails, throws]) {
  const queue = new qyu.Qyu({ concurrency: 1 });
  const done = [];
  const add = (name, job) => queue(job).then(() => done.push(`${name} done`), () => done.push(`${name} failed`));
  add("a", first);
  add("b", async () => {});
  add("c", async () => {});
  await turns();
  console.log(`qyu 0.4.7, a ${first === fails ? "rejects" : "throws"}: ${done.join(", ")}`);
  add("d", async () => {});
  await turns();
  console.log(`qyu 0.4.7, d was added: ${done.join(", ")}`);
}
CODE

cat >expected <<'TEXT'
qyu 0.4.7, a rejects: a failed, b done, c done
qyu 0.4.7, d was added: a failed, b done, c done, d done
qyu 0.4.7, a throws: a failed
qyu 0.4.7, d was added: a failed, b done, c done, d done
TEXT

node probe.mjs | tee seen
diff expected seen
