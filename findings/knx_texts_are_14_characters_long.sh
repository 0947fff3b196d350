#!/usr/bin/env bash
# knx 2.5.4: a text that was written as "hello" is read as 14 characters, and a
# time of day has milliseconds of now
#
# A good guess: What was written to a datapoint is what is read from it: a
# DPT16 text without the NULs that fill its 14 bytes, a DPT10 time with the hours,
# minutes and seconds that came.
#
# What happens: The NULs are part of the text, so it is equal to no text that was
# written, unless that has 14 characters. A time is a Date in the near future,
# with the day of the week, or today, and milliseconds of the moment of reading:
# the same telegram is another value each time. 180 degrees (DPT5.003) are read
# as 179.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  knx@2.5.4 @sinonjs/fake-timers@15.5.0

cat >probe.mjs <<'CODE'
import fakeTimers from "@sinonjs/fake-timers";
import datapoints from "knx/src/dptlib/index.js";

const clock = fakeTimers.install({ now: Date.UTC(2026, 0, 5, 12, 0, 0, 147), toFake: ["Date"] });
function show(id, value) {
  const telegram = {};
  datapoints.populateAPDU(value, telegram, id);
  const { data } = telegram;
  const read = JSON.stringify(datapoints.fromBuffer(data, datapoints.resolve(id)));
  console.log(`${id} ${JSON.stringify(value)}: ${Buffer.from(data).toString("hex")}, read as ${read}`);
}
show("DPT16", "hello");
show("DPT16", "14 characters.");
show("DPT10", new Date("2026-01-05T09:04:05Z"));
clock.setSystemTime(Date.now() + 300);
show("DPT10", new Date("2026-01-05T09:04:05Z"));
show("DPT5.003", 180);
show("DPT9", -0.01);
CODE

cat >expected <<'TEXT'
DPT16 "hello": 68656c6c6f000000000000000000, read as "hello\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000"
DPT16 "14 characters.": 313420636861726163746572732e, read as "14 characters."
DPT10 "2026-01-05T09:04:05.000Z": 290405, read as "2026-01-05T09:04:05.147Z"
DPT10 "2026-01-05T09:04:05.000Z": 290405, read as "2026-01-05T09:04:05.447Z"
DPT5.003 180: 7f, read as 179
DPT9 -0.01: 87ff, read as -0.01
TEXT

TZ=UTC node probe.mjs | tee seen
diff expected seen
