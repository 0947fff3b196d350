#!/usr/bin/env bash
# rrule 2.8.1: "every day at 9pm" is every day at nine in the morning
#
# A good guess: RRule.fromText() reads the minutes and "pm" of a time, or refuses
# a text that it does not understand to the end, as it refuses "at noon".
#
# What happens: The first number is the hour, of 24, and the rest is left out,
# silently: "pm", the minutes, and a second time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  rrule@2.8.1

cat >probe.mjs <<'CODE'
import rrule from "rrule";

const texts = [
  "every day at 9",
  "every day at 9pm",
  "every day at 9:30",
  "every day at 9:30 and 17:45",
  "every week on friday at 6pm",
  "every day at noon",
];
for (const text of texts) {
  let rule;
  try {
    rule = rrule.RRule.fromText(text).toString();
  } catch (error) {
    rule = error.message;
  }
  console.log(`${text}: ${rule}`);
}
CODE

cat >expected <<'TEXT'
every day at 9: RRULE:FREQ=DAILY;BYHOUR=9
every day at 9pm: RRULE:FREQ=DAILY;BYHOUR=9
every day at 9:30: RRULE:FREQ=DAILY;BYHOUR=9
every day at 9:30 and 17:45: RRULE:FREQ=DAILY;BYHOUR=9
every week on friday at 6pm: RRULE:FREQ=WEEKLY;BYDAY=FR;BYHOUR=6
every day at noon: Unexpected symbol null, expected hour
TEXT

node probe.mjs | tee seen
diff expected seen
