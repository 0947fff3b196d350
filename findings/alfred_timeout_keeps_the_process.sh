#!/usr/bin/env bash
# @git-stunts/alfred 0.10.3: a call that is done keeps the process for the rest
# of its time limit
#
# A good guess: timeout(60_000, load) ends its timer when load() is done, as
# p-timeout does: a script that has nothing else to do ends.
#
# What happens: The timers of timeout() and hedge() run to their end, one for
# each call, and hold the process: a script with a limit of a minute takes a
# minute, a server keeps a timer for each request of the last minute, and the
# sanitizers of `deno test` call the test a leak.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @git-stunts/alfred@0.10.3 p-timeout@7.0.2

cat >probe.mjs <<'CODE'
import { hedge, timeout } from "@git-stunts/alfred";
import process from "node:process";
import pTimeout from "p-timeout";

const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
const load = () => Promise.resolve("a page");
const hour = 3_600_000;
for (const [name, call] of Object.entries({
  "p-timeout 7.0.2": () => pTimeout(load(), { milliseconds: hour }),
  "@git-stunts/alfred 0.10.3, timeout()": () => timeout(hour, load),
  "@git-stunts/alfred 0.10.3, hedge()": () => hedge({ delay: hour, maxHedges: 2 }).execute(load),
})) {
  const before = timers();
  for (let i = 0; i < 10; i++) await call();
  console.log(`${name}: after ten calls ${timers() - before} timers`);
}
process.exit();
CODE

cat >expected <<'TEXT'
p-timeout 7.0.2: after ten calls 0 timers
@git-stunts/alfred 0.10.3, timeout(): after ten calls 10 timers
@git-stunts/alfred 0.10.3, hedge(): after ten calls 20 timers
TEXT

node probe.mjs | tee seen
diff expected seen
