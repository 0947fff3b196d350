#!/usr/bin/env bash
# ics 3.12.0: a duration of whole days or weeks is not one that calendars have to
# read
#
# A good guess: { days: 1 } is written P1D, { weeks: 1 } P1W, and no time at all
# PT0S (RFC 5545): the T stands only in front of hours, minutes or seconds.
#
# What happens: The T is always there: P1DT, P1WT, -P1DT for an alarm a day
# before, PT for nothing. Lenient readers take that, strict ones, Temporal among
# them, refuse the file. Lines are folded at 75 characters, where the limit is 75
# bytes: one of ü is twice too long. A comma within a category makes two of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  ics@3.12.0

cat >probe.mjs <<'CODE'
import ics from "ics";

const start = [2026, 1, 5, 3, 4], title = "x";
const lines = (event) => ics.createEvent({ start, title, ...event }).value.split("\r\n");
const value = (event, name) => lines(event).find((line) => line.startsWith(name)).slice(name.length + 1);
function temporal(text) {
  try {
    return Temporal.Duration.from(text).toString();
  } catch (error) {
    return error.name;
  }
}
for (const duration of [{ days: 1, hours: 2 }, { days: 1 }, { weeks: 1 }, { minutes: 0 }]) {
  const alarms = [{ action: "display", trigger: { ...duration, before: true } }];
  const written = value({ duration, alarms }, "DURATION");
  console.log(`${JSON.stringify(duration)}: ${written} (Temporal: ${temporal(written)}), before it ${value({ duration, alarms }, "TRIGGER")}`);
}
const duration = { hours: 1 };
const longest = Math.max(...lines({ duration, description: "ü".repeat(60) }).map((line) => new TextEncoder().encode(line).length));
console.log(`longest line: ${longest} bytes; category "a,b": ${value({ duration, categories: ["a,b"] }, "CATEGORIES")}`);
CODE

cat >expected <<'TEXT'
{"days":1,"hours":2}: P1DT2H (Temporal: P1DT2H), before it -P1DT2H
{"days":1}: P1DT (Temporal: RangeError), before it -P1DT
{"weeks":1}: P1WT (Temporal: RangeError), before it -P1WT
{"minutes":0}: PT (Temporal: RangeError), before it -PT
longest line: 132 bytes; category "a,b": a,b
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
