#!/usr/bin/env bash
# xstate 5.33.3: to toPromise() an actor that was stopped has done its work
#
# A good guess: toPromise(actor) resolves with the output of an actor that
# reached its end, and rejects if it failed or was stopped before, as waitFor()
# of the same package does.
#
# What happens: stop() resolves it, with undefined, which is also what an actor
# without an output gives. Who awaits it goes on as after a success, and nothing
# in the result tells: only the status of the snapshot is "stopped".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  xstate@5.33.3

cat >probe.mjs <<'CODE'
import { createActor, createMachine, toPromise, waitFor } from "xstate";

const machine = createMachine({
  initial: "working",
  states: { working: { on: { DONE: "done", FAIL: "failed" } }, done: { type: "final" }, failed: { entry: () => { throw new Error("failed"); } } },
});
for (const [name, end] of Object.entries({
  "done": (actor) => actor.send({ type: "DONE" }),
  "failed": (actor) => actor.send({ type: "FAIL" }),
  "stopped": (actor) => actor.stop(),
})) {
  const seen = [];
  for (const wait of [toPromise, (actor) => waitFor(actor, (snapshot) => snapshot.status === "done")]) {
    const actor = createActor(machine);
    actor.subscribe({ error: () => {} });
    actor.start();
    const outcome = wait(actor).then(() => "resolves", () => "rejects");
    end(actor);
    seen.push(await outcome);
  }
  console.log(`xstate 5.33.3, ${name}: toPromise() ${seen[0]}, waitFor() ${seen[1]}`);
}
CODE

cat >expected <<'TEXT'
xstate 5.33.3, done: toPromise() resolves, waitFor() resolves
xstate 5.33.3, failed: toPromise() rejects, waitFor() rejects
xstate 5.33.3, stopped: toPromise() resolves, waitFor() rejects
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
