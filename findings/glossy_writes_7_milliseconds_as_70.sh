#!/usr/bin/env bash
# glossy 0.1.7: a syslog message of the first 99 milliseconds of a second is
# dated up to nine tenths of a second later
#
# A good guess: The time of an RFC 5424 message is the date that was given, to
# the millisecond, and parse() of the same library gives it back.
#
# What happens: The milliseconds are written with two digits at least, not three:
# 7 as ".07", which is 70, and 70 as ".70", which is 700. Nine in a hundred
# messages are affected, and of two in a row the earlier may be dated later.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  glossy@0.1.7

cat >probe.mjs <<'CODE'
import glossy from "glossy";

const producer = new glossy.Produce();
for (const milliseconds of [7, 70, 99, 100, 123]) {
  const date = new Date(Date.UTC(2026, 0, 5, 3, 4, 5, milliseconds));
  const message = producer.produce({ facility: "user", severity: "info", host: "host", date, message: "x" });
  const { time } = glossy.Parse.parse(message);
  console.log(`glossy 0.1.7, given ${date.toISOString()}: ${message.split(" ")[1]}, read as ${time.toISOString()}`);
}
CODE

cat >expected <<'TEXT'
glossy 0.1.7, given 2026-01-05T03:04:05.007Z: 2026-01-05T03:04:05.07Z, read as 2026-01-05T03:04:05.070Z
glossy 0.1.7, given 2026-01-05T03:04:05.070Z: 2026-01-05T03:04:05.70Z, read as 2026-01-05T03:04:05.700Z
glossy 0.1.7, given 2026-01-05T03:04:05.099Z: 2026-01-05T03:04:05.99Z, read as 2026-01-05T03:04:05.990Z
glossy 0.1.7, given 2026-01-05T03:04:05.100Z: 2026-01-05T03:04:05.100Z, read as 2026-01-05T03:04:05.100Z
glossy 0.1.7, given 2026-01-05T03:04:05.123Z: 2026-01-05T03:04:05.123Z, read as 2026-01-05T03:04:05.123Z
TEXT

node probe.mjs | tee seen
diff expected seen
