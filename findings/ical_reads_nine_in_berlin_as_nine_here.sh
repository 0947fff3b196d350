#!/usr/bin/env bash
# ical 0.8.0: an event at nine in Berlin is at nine where the program runs
#
# A good guess: DTSTART;TZID=Europe/Berlin is an instant, and the Date of the
# event is that instant on every machine; an event with a DURATION has an end.
#
# What happens: The time zone is noted beside the Date, which is made of the
# local time of the machine: the event moves with the setting TZ. There is no end
# if the event has a DURATION. node-ical 0.27.2, which began as a copy, has both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  ical@0.8.0 node-ical@0.27.2

cat >probe.mjs <<'CODE'
import ical from "ical";
import nodeIcal from "node-ical";

const calendar = [
  "BEGIN:VCALENDAR",
  "VERSION:2.0",
  "BEGIN:VEVENT",
  "UID:one",
  "DTSTART;TZID=Europe/Berlin:20260105T090000",
  "DURATION:PT1H30M",
  "END:VEVENT",
  "END:VCALENDAR",
].join("\r\n");
for (const [name, library] of [["ical", ical], ["node-ical", nodeIcal.sync]]) {
  const { start, end } = library.parseICS(calendar).one;
  console.log(`TZ=${process.env.TZ}, ${name}: from ${start.toISOString()} to ${end?.toISOString()}`);
}
CODE

cat >expected <<'TEXT'
TZ=UTC, ical: from 2026-01-05T09:00:00.000Z to undefined
TZ=UTC, node-ical: from 2026-01-05T08:00:00.000Z to 2026-01-05T09:30:00.000Z
TZ=America/New_York, ical: from 2026-01-05T14:00:00.000Z to undefined
TZ=America/New_York, node-ical: from 2026-01-05T08:00:00.000Z to 2026-01-05T09:30:00.000Z
TEXT

for zone in UTC America/New_York; do TZ=$zone node probe.mjs; done | tee seen
diff expected seen
