#!/usr/bin/env bash
# mock.timers of node:test, Node 20: tick(100) runs all timers at 100, and leaves
# out those that begin meanwhile
#
# A good guess: tick(100) lets 100 milliseconds pass: in a timer of 10 Date.now()
# is 10 later than the start, and a timer of 10 that begins there runs at 20.
#
# What happens: The clock is set to the end first. Every callback sees 100, an
# interval of 30 sees it three times, and the timer that began in one is set for
# 110. Code that measures or schedules by the clock behaves as under a machine
# that was asleep. node:test of Deno 2.9.6 and @sinonjs/fake-timers 15.5.0 go from
# timer to timer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @sinonjs/fake-timers@15.5.0

cat >probe.mjs <<'CODE'
import fakeTimers from "@sinonjs/fake-timers";
import { mock } from "node:test";

const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node";
function show(name, tick) {
  const start = Date.now();
  const seen = [];
  const log = (timer) => seen.push(`${timer} at ${Date.now() - start}`);
  setTimeout(() => {
    log("timer of 10");
    setTimeout(() => log("another 10"), 10);
  }, 10);
  const interval = setInterval(() => log("interval of 30"), 30);
  tick(100);
  clearInterval(interval);
  console.log(`${name}: ${seen.join(", ")}`);
}
mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
show(`node:test, ${runtime}`, (time) => mock.timers.tick(time));
mock.timers.reset();
const clock = fakeTimers.install({ toFake: ["setTimeout", "setInterval", "clearInterval", "Date"] });
show(`@sinonjs/fake-timers, ${runtime}`, (time) => clock.tick(time));
clock.uninstall();
process.exit();
CODE

cat >expected <<'TEXT'
node:test, Node: timer of 10 at 100, interval of 30 at 100, interval of 30 at 100, interval of 30 at 100
@sinonjs/fake-timers, Node: timer of 10 at 10, another 10 at 20, interval of 30 at 30, interval of 30 at 60, interval of 30 at 90
node:test, Deno 2.9.6: timer of 10 at 10, another 10 at 20, interval of 30 at 30, interval of 30 at 60, interval of 30 at 90
@sinonjs/fake-timers, Deno 2.9.6: timer of 10 at 10, another 10 at 20, interval of 30 at 30, interval of 30 at 60, interval of 30 at 90
TEXT

{ node --no-warnings probe.mjs; deno run --quiet -A probe.mjs; } | tee seen
diff expected seen
