#!/usr/bin/env bash
# parse-duration 2.1.9, iso8601-duration 2.1.4, human-interval 2.0.1: durations
# that are something else, silently
#
# A good guess: A parser that reads PT1H30M, P1W and P1Y as ISO 8601 means them
# reads P1M as a month; a minus before a duration makes it negative; and what is
# not understood is refused, or null.
#
# What happens: P1M is one minute for parse-duration, like PT1M. toSeconds() of
# iso8601-duration, of a duration that its parse() has taken with the minus, is
# positive. human-interval, which agenda and bree read schedules with, takes "an
# hour" and "half an hour" for 0, and leaves out what it does not know.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  parse-duration@2.1.9 iso8601-duration@2.1.4 human-interval@2.0.1

cat >probe.mjs <<'CODE'
import humanInterval from "human-interval";
import * as iso from "iso8601-duration";
import parseDuration from "parse-duration";

for (const text of ["P1Y", "P1W", "PT1H30M", "PT1M", "P1M"]) {
  console.log(`parse-duration, ${text}: ${parseDuration(text, "minutes")} minutes`);
}
for (const text of ["PT1S", "-PT1S"]) {
  console.log(`iso8601-duration, ${text}: ${iso.toSeconds(iso.parse(text))} seconds`);
}
for (const text of ["an hour", "one hour and a half", "half an hour"]) {
  console.log(`human-interval, ${text}: ${humanInterval(text) / 60_000} minutes`);
}
CODE

cat >expected <<'TEXT'
parse-duration, P1Y: 525960 minutes
parse-duration, P1W: 10080 minutes
parse-duration, PT1H30M: 90 minutes
parse-duration, PT1M: 1 minutes
parse-duration, P1M: 1 minutes
iso8601-duration, PT1S: 1 seconds
iso8601-duration, -PT1S: 1 seconds
human-interval, an hour: 0 minutes
human-interval, one hour and a half: 60 minutes
human-interval, half an hour: 0 minutes
TEXT

node probe.mjs | tee seen
diff expected seen
