#!/usr/bin/env bash
# Deno 2.9.6: Deno.bench() does not await the promise of a function that is not
# `async`
#
# A good guess: A promise that the function returns is awaited before the next
# iteration, as Deno.test() does with its function.
#
# What happens: Only a function that was written with `async` is awaited. `() =>
# work()` and `async () => await work()` measure different things: the first
# only starts the work, thousands of times at once, and its time is that of the
# start.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
let running = 0, most = 0;
const work = () =>
  new Promise((done) => {
    most = Math.max(most, ++running);
    setTimeout(() => done(running--));
  });
const asynchronous = Deno.args[0] === "async";
Deno.bench("work", asynchronous ? async () => await work() : () => work());
addEventListener("unload", () => {
  console.error(asynchronous ? "async function:" : "plain function:", most > 100 ? "more than 100 iterations at once" : `at most ${most} at once`);
});
CODE

cat >expected <<'TEXT'
async function: at most 1 at once
plain function: more than 100 iterations at once
TEXT

for kind in async plain; do
  NO_COLOR=1 deno bench --quiet --no-lock -A probe.mjs -- "$kind" 2>&1 >/dev/null |
    grep function
done | tee seen
diff expected seen
