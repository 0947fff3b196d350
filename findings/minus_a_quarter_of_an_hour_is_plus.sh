#!/usr/bin/env bash
# dayjs 1.11.23, iso8601-duration 2.1.4: a duration with a minus in front is
# positive
#
# A good guess: "-PT15M" is a quarter of an hour before: an alarm of iCalendar
# (RFC 5545) is written like that, and so is what dayjs itself gives for a
# negative duration, as does toString() of Temporal. A reader that does not know
# the sign throws.
#
# What happens: Both drop the sign. An alarm comes fifteen minutes after the
# meeting has begun. dayjs reads its own toISOString() as another duration, and a
# fraction with a comma, which ISO 8601 prefers, as no time at all. luxon and
# duration-fns read all of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  dayjs@1.11.23 iso8601-duration@2.1.4 luxon@3.7.2 duration-fns@3.0.2

cat >probe.mjs <<'CODE'
import dayjs from "dayjs";
import plugin from "dayjs/plugin/duration.js";
import { toMilliseconds } from "duration-fns";
import { parse, toSeconds } from "iso8601-duration";
import { Duration } from "luxon";

dayjs.extend(plugin);
const readers = {
  "luxon 3.7.2": (text) => Duration.fromISO(text).toMillis() / 1000,
  "duration-fns 3.0.2": (text) => toMilliseconds(text) / 1000,
  "iso8601-duration 2.1.4": (text) => toSeconds(parse(text)),
  "dayjs 1.11.23": (text) => dayjs.duration(text).asSeconds(),
};
for (const [name, read] of Object.entries(readers)) {
  console.log(`${name}: ${["PT15M", "-PT15M", "PT1,5S"].map((text) => `${text} ${read(text)} s`).join(", ")}`);
}
const written = dayjs.duration(-900_000).toISOString();
console.log(`dayjs 1.11.23: -900 s is written ${written}, read ${dayjs.duration(written).asSeconds()} s`);
CODE

cat >expected <<'TEXT'
luxon 3.7.2: PT15M 900 s, -PT15M -900 s, PT1,5S 1.5 s
duration-fns 3.0.2: PT15M 900 s, -PT15M -900 s, PT1,5S 1.5 s
iso8601-duration 2.1.4: PT15M 900 s, -PT15M 900 s, PT1,5S 1.5 s
dayjs 1.11.23: PT15M 900 s, -PT15M 900 s, PT1,5S 0 s
dayjs 1.11.23: -900 s is written -PT15M, read 900 s
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
