#!/usr/bin/env bash
# cron-schedule 6.0.0: what it does not know in a cron expression it leaves out
#
# A good guess: 5/15, 5L, 1#2 and 15W mean what they mean elsewhere, or are
# refused with an error, as "L" alone is.
#
# What happens: The number at the beginning is taken, and the rest is ignored:
# every fifteen minutes from 5 on is once an hour, the last Friday of the month
# every Friday, the second Monday every Monday, the weekday nearest to the 15th
# the 15th.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  cron-schedule@6.0.0 cronosjs@1.7.1

cat >probe.mjs <<'CODE'
import { parseCronExpression } from "cron-schedule";
import { CronosExpression } from "cronosjs";

const from = new Date("2026-02-01T00:00:00Z");
const show = (dates) => dates.map((date) => date.toISOString().slice(5, 16)).join(", ");
for (const expression of ["5/15 * * * *", "0 0 * * 5L", "0 0 * * 1#2", "0 0 15W * *"]) {
  console.log(expression);
  console.log(`  cron-schedule: ${show(parseCronExpression(expression).getNextDates(3, from))}`);
  console.log(`  cronosjs:      ${show(CronosExpression.parse(expression, { timezone: "UTC" }).nextNDates(from, 3))}`);
}
try {
  parseCronExpression("0 0 L * *");
} catch (error) {
  console.log(`0 0 L * *\n  cron-schedule: ${error.message}`);
}
CODE

cat >expected <<'TEXT'
5/15 * * * *
  cron-schedule: 02-01T00:05, 02-01T01:05, 02-01T02:05
  cronosjs:      02-01T00:05, 02-01T00:20, 02-01T00:35
0 0 * * 5L
  cron-schedule: 02-06T00:00, 02-13T00:00, 02-20T00:00
  cronosjs:      02-27T00:00, 03-27T00:00, 04-24T00:00
0 0 * * 1#2
  cron-schedule: 02-02T00:00, 02-09T00:00, 02-16T00:00
  cronosjs:      02-09T00:00, 03-09T00:00, 04-13T00:00
0 0 15W * *
  cron-schedule: 02-15T00:00, 03-15T00:00, 04-15T00:00
  cronosjs:      02-16T00:00, 03-16T00:00, 04-15T00:00
0 0 L * *
  cron-schedule: Failed to parse L: L is NaN.
TEXT

TZ=UTC node probe.mjs | tee seen
diff expected seen
