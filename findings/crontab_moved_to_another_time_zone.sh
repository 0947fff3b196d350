#!/usr/bin/env bash
# crontzconvert 1.1.1, local-crontab 0.1.8: a crontab that was converted to
# another time zone runs at other times
#
# A good guess: The converted lines run when the original does, or the
# conversion is refused: a time that moves over an hour or over midnight takes
# its hour, its weekday or its day of the month with it.
#
# What happens: crontzconvert (seconds first) keeps all minutes in one hour:
# 12:15 and 12:45 UTC are 17:45 and 18:15 in Kolkata, and become 17:15 and
# 17:45. local-crontab moves the hour and leaves the day: Monday at midnight in
# Berlin becomes Monday 23:00 UTC, which is Tuesday in Berlin, and the first of
# the month becomes the second.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  crontzconvert@1.1.1 local-crontab@0.1.8 cron-parser@5.10.6

cat >probe.mjs <<'CODE'
import { CronExpressionParser } from "cron-parser";
import crontzconvert from "crontzconvert";
import localCrontab from "local-crontab";

const currentDate = new Date("2025-12-31T12:00:00Z");
function show(name, expression, tz, zone = tz.split("/").pop()) {
  const date = CronExpressionParser.parse(expression, { currentDate, tz }).take(2).map((date) => date.toISOString().slice(0, 16));
  console.log(`${name} "${expression}" in ${zone}: ${date.join(" and ")} UTC`);
}
{
  const expression = "0 15,45 12 * * *";
  show("crontzconvert 1.1.1:", expression, "UTC");
  show("                  :", crontzconvert.convert(expression, "UTC", "Asia/Kolkata"), "Asia/Kolkata");
}
for (const expression of ["0 0 * 1 1", "0 0 1 1 *"]) {
  show("local-crontab 0.1.8:", expression, "Europe/Berlin");
  const [converted] = localCrontab.localCrontabToUtcCrontabs(expression, "Europe/Berlin");
  show("                  :", converted, "UTC");
}
CODE

cat >expected <<'TEXT'
crontzconvert 1.1.1: "0 15,45 12 * * *" in UTC: 2025-12-31T12:15 and 2025-12-31T12:45 UTC
                  : "0 15,45 17 * * *" in Kolkata: 2025-12-31T12:15 and 2026-01-01T11:45 UTC
local-crontab 0.1.8: "0 0 * 1 1" in Berlin: 2026-01-04T23:00 and 2026-01-11T23:00 UTC
                  : "0 23 * 1 1" in UTC: 2026-01-05T23:00 and 2026-01-12T23:00 UTC
local-crontab 0.1.8: "0 0 1 1 *" in Berlin: 2025-12-31T23:00 and 2026-12-31T23:00 UTC
                  : "0 23 1 1 *" in UTC: 2026-01-01T23:00 and 2027-01-01T23:00 UTC
TEXT

node probe.mjs | tee seen
diff expected seen
