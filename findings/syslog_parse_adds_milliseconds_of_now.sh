#!/usr/bin/env bash
# syslog-parse 2.0.0: the same line read twice has two times
#
# A good guess: A BSD syslog line has whole seconds, so its time has no
# milliseconds, and lines of one second are equal in time.
#
# What happens: The milliseconds are those of the moment of parsing: the time
# changes from call to call, and messages of one second have no order that means
# anything. The year is that of today as well, which the format cannot tell.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  syslog-parse@2.0.0 @sinonjs/fake-timers@15.5.0

cat >probe.mjs <<'CODE'
import fakeTimers from "@sinonjs/fake-timers";
import parse from "syslog-parse";

const line = "<38>Feb 05 01:02:03 host app[25]: started";
const clock = fakeTimers.install({ now: Date.UTC(2026, 5, 1, 0, 0, 0, 147), toFake: ["Date"] });
for (const pass of [0, 300]) {
  clock.setSystemTime(Date.now() + pass);
  console.log(`at ${new Date().toISOString()}: ${parse(line).time.toISOString()}`);
}
CODE

cat >expected <<'TEXT'
at 2026-06-01T00:00:00.147Z: 2026-02-05T01:02:03.147Z
at 2026-06-01T00:00:00.447Z: 2026-02-05T01:02:03.447Z
TEXT

TZ=UTC node probe.mjs | tee seen
diff expected seen
