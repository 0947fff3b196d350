#!/usr/bin/env bash
# cron 4.4.0, cron-parser 5.10.6: clocks that go forward by half an hour (Lord
# Howe Island)
#
# A good guess: A time of day that does not exist on the day of the change runs
# once that day, at the end of the gap or as much later as it lies in it: all of
# these libraries do so where the gap is an hour.
#
# What happens: On 4 October 2026, 02:00 is 02:30 there, and "15 2 * * *" falls
# in the gap. cron runs twice: at 01:45, before the change, and at 02:45.
# cron-parser does not run that day, though it does in a gap of an hour. croner
# runs at 02:30, effect at 02:45.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  cron@4.4.0 cron-parser@5.10.6 croner@11.0.1 effect@4.1.0

cat >probe.mjs <<'CODE'
import { CronTime } from "cron";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
import * as EffectCron from "effect/Cron";

function runs(expression, timezone, from, until) {
  const of = {
    "cron       ": (date) => new CronTime(expression, timezone).getNextDateFrom(date, timezone).toJSDate(),
    "cron-parser": (date) => CronExpressionParser.parse(expression, { currentDate: date, tz: timezone }).next().toDate(),
    "croner     ": (date) => new Cron(expression, { timezone }).nextRun(date),
    "effect     ": (date) => EffectCron.next(EffectCron.parseUnsafe(expression, timezone), date),
  };
  console.log(`${timezone}, ${expression}`);
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "short" });
  for (const [name, next] of Object.entries(of)) {
    const seen = [];
    let date = new Date(from);
    for (let i = 0; i < 5 && (date = next(date)) < new Date(until); i++) seen.push(local.format(date));
    console.log(`${name} ${seen.join(", ") || "none"}`);
  }
}
runs("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T12:00Z");
runs("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00Z", "2026-10-04T12:00Z");
CODE

cat >expected <<'TEXT'
Europe/Berlin, 30 2 * * *
cron        2026-03-29 03:00
cron-parser 2026-03-29 03:30
croner      2026-03-29 03:00
effect      2026-03-29 03:30
Australia/Lord_Howe, 15 2 * * *
cron        2026-10-04 01:45, 2026-10-04 02:45
cron-parser none
croner      2026-10-04 02:30
effect      2026-10-04 02:45
TEXT

node probe.mjs | tee seen
diff expected seen
