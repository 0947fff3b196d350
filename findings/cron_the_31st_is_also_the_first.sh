#!/usr/bin/env bash
# aws-cron-parser 1.1.12, @cheap-glitch/mi-cron 1.0.1: "the 31st" runs on the
# first of December
#
# A good guess: A day that a month does not have is skipped: "0 0 31 * *" runs
# in seven months of the year, 29 February every four years.
#
# What happens: The missing day is counted on into the next month: the date
# after 29 November is 1 December, and 29 February is 1 March in most years.
# croner and cron-parser skip.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  aws-cron-parser@1.1.12 @cheap-glitch/mi-cron@1.0.1 croner@11.0.1 \
  cron-parser@5.10.6

cat >probe.mjs <<'CODE'
import { parseCron } from "@cheap-glitch/mi-cron";
import aws from "aws-cron-parser";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";

process.env.TZ = "UTC";
const { parse, next } = aws.default ?? aws;
const from = new Date("2026-11-29T00:00:00Z");
function dates(following) {
  const days = [];
  for (let date = from; days.length < 3;) {
    date = following(date);
    days.push(date.toISOString().slice(0, 10));
  }
  return days.join(" ");
}
for (const [name, crontab, amazon] of [
  ["the 31st", "0 0 31 * *", "0 0 31 * ? *"],
  ["29 February", "0 0 29 2 *", "0 0 29 2 ? *"],
]) {
  console.log(`${name} after 2026-11-29`);
  console.log("  croner 11.0.1:         ", dates((date) => new Cron(crontab, { timezone: "UTC" }).nextRun(date)));
  console.log("  cron-parser 5.10.6:    ", dates((date) => CronExpressionParser.parse(crontab, { currentDate: date, tz: "UTC" }).next().toDate()));
  console.log("  aws-cron-parser 1.1.12:", dates((date) => next(parse(amazon), date)));
  console.log("  mi-cron 1.0.1:         ", dates((date) => parseCron.nextDate(crontab, date)));
}
CODE

cat >expected <<'TEXT'
the 31st after 2026-11-29
  croner 11.0.1:          2026-12-31 2027-01-31 2027-03-31
  cron-parser 5.10.6:     2026-12-31 2027-01-31 2027-03-31
  aws-cron-parser 1.1.12: 2026-12-01 2026-12-31 2027-01-31
  mi-cron 1.0.1:          2026-12-01 2026-12-31 2027-01-31
29 February after 2026-11-29
  croner 11.0.1:          2028-02-29 2032-02-29 2036-02-29
  cron-parser 5.10.6:     2028-02-29 2032-02-29 2036-02-29
  aws-cron-parser 1.1.12: 2027-03-01 2028-02-29 2029-03-01
  mi-cron 1.0.1:          2027-03-01 2028-02-29 2029-03-01
TEXT

node probe.mjs | tee seen
diff expected seen
