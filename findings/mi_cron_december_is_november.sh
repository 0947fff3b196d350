#!/usr/bin/env bash
# @cheap-glitch/mi-cron 1.0.1: "dec" in a cron expression is November, and "jan"
# is December
#
# A good guess: The name of a month is the month of its number: jan is 1 and dec
# is 12, as sun is 0 and mon is 1.
#
# What happens: Names of months count from 0, and numbers from 1: each name is
# the month before, and "jan" is a month 0, which runs in December. Names of
# weekdays are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @cheap-glitch/mi-cron@1.0.1

cat >probe.mjs <<'CODE'
import { parseCron } from "@cheap-glitch/mi-cron";

process.env.TZ = "UTC";
const from = new Date("2026-06-15T00:00:00Z");
for (const month of ["12", "dec", "1", "jan", "2", "feb"]) {
  console.log(`mi-cron 1.0.1, 0 0 1 ${month} *: ${parseCron.nextDate(`0 0 1 ${month} *`, from).toISOString().slice(0, 10)}`);
}
CODE

cat >expected <<'TEXT'
mi-cron 1.0.1, 0 0 1 12 *: 2026-12-01
mi-cron 1.0.1, 0 0 1 dec *: 2026-11-01
mi-cron 1.0.1, 0 0 1 1 *: 2027-01-01
mi-cron 1.0.1, 0 0 1 jan *: 2026-12-01
mi-cron 1.0.1, 0 0 1 2 *: 2027-02-01
mi-cron 1.0.1, 0 0 1 feb *: 2027-01-01
TEXT

node probe.mjs | tee seen
diff expected seen
