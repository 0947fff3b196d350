#!/usr/bin/env bash
# rrule 2.8.1: on the day on which the clock changes, one o'clock at night is an
# hour off
#
# A good guess: A daily event at 01:00 with TZID=Europe/Berlin is at 01:00 there
# on every day; the change of the clock, at 02:00 or 03:00 of that day, touches
# only what lies behind it.
#
# What happens: With the machine on UTC, as servers are, the whole day has the
# offset of its end: in March the event is an hour too early, which is midnight,
# in October an hour too late, 02:00. On the other days it is right.
# rrule-temporal 2.2.8 is right on all days.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  rrule@2.8.1 rrule-temporal@2.2.8

cat >probe.mjs <<'CODE'
import rrule from "rrule";
import { RRuleTemporal } from "rrule-temporal";

const inBerlin = new Intl.DateTimeFormat("en-CA", {
  timeZone: "Europe/Berlin",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const show = (dates) => dates.map((date) => `${date.toISOString().slice(5, 16)}Z is ${inBerlin.format(date)}`).join("; ");
for (const day of ["20260328", "20261024"]) {
  const text = `DTSTART;TZID=Europe/Berlin:${day}T010000\nRRULE:FREQ=DAILY;COUNT=3`;
  console.log(`rrule:          ${show(rrule.rrulestr(text).all())}`);
  const all = new RRuleTemporal({ rruleString: text }).all();
  console.log(`rrule-temporal: ${show(all.map((time) => new Date(time.epochMilliseconds)))}`);
}
CODE

cat >expected <<'TEXT'
rrule:          03-28T00:00Z is 03-28, 01:00; 03-28T23:00Z is 03-29, 00:00; 03-29T23:00Z is 03-30, 01:00
rrule-temporal: 03-28T00:00Z is 03-28, 01:00; 03-29T00:00Z is 03-29, 01:00; 03-29T23:00Z is 03-30, 01:00
rrule:          10-23T23:00Z is 10-24, 01:00; 10-25T00:00Z is 10-25, 02:00; 10-26T00:00Z is 10-26, 01:00
rrule-temporal: 10-23T23:00Z is 10-24, 01:00; 10-24T23:00Z is 10-25, 01:00; 10-26T00:00Z is 10-26, 01:00
TEXT

TZ=UTC node probe.mjs | tee seen
diff expected seen
