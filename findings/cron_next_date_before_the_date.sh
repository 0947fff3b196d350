#!/usr/bin/env bash
# cron 4.4.0: the next date is before the one that it was asked for
#
# A good guess: The date after a date is later than it, whatever the clocks do.
#
# What happens: Where clocks go back by half an hour (Lord Howe Island, 5 April
# 2026, from 02:00 to 01:30) the next date after 15:00 UTC is 14:45 UTC, which
# had been the answer before: a walk from date to date goes in a circle. croner
# and cron-parser go on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  cron@4.4.0 cron-parser@5.10.6 croner@11.0.1

cat >probe.mjs <<'CODE'
import { CronTime } from "cron";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";

const expression = "*/45 1,2 * * *", timezone = "Australia/Lord_Howe";
const from = new Date("2026-04-04T15:00:00Z");
const show = (name, date) => console.log(`${name}: after ${from.toISOString().slice(11, 16)} comes ${date.toISOString().slice(11, 16)}`);
show("cron 4.4.0", new CronTime(expression, timezone).getNextDateFrom(from, timezone).toJSDate());
show("cron-parser 5.10.6", CronExpressionParser.parse(expression, { currentDate: from, tz: timezone }).next().toDate());
show("croner 11.0.1", new Cron(expression, { timezone }).nextRun(from));
CODE

cat >expected <<'TEXT'
cron 4.4.0: after 15:00 comes 14:45
cron-parser 5.10.6: after 15:00 comes 15:15
croner 11.0.1: after 15:00 comes 15:15
TEXT

node probe.mjs | tee seen
diff expected seen
