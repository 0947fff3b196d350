#!/usr/bin/env bash
# cron 4.4.0, effect 4.1.0: "the 30th" runs on the 31st where the calendar has
# no 30th
#
# A good guess: A day of the month that a month does not have is skipped, as a
# job of the 30th is in February.
#
# What happens: Samoa went from 29 to 31 December 2011. cron and effect take the
# 30th for a gap of the clocks like any other, and run on the 31st. croner and
# cron-parser wait for 30 January.
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

const expression = "0 12 30 * *", timezone = "Pacific/Apia";
const from = new Date("2011-12-29T00:00Z");
const local = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "short" });
const show = (name, date) => console.log(`${name}: ${local.format(date)}`);
show("cron 4.4.0        ", new CronTime(expression, timezone).getNextDateFrom(from, timezone).toJSDate());
show("effect 4.1.0      ", EffectCron.next(EffectCron.parseUnsafe(expression, timezone), from));
show("cron-parser 5.10.6", CronExpressionParser.parse(expression, { currentDate: from, tz: timezone }).next().toDate());
show("croner 11.0.1     ", new Cron(expression, { timezone }).nextRun(from));
CODE

cat >expected <<'TEXT'
cron 4.4.0        : 2011-12-31 12:00
effect 4.1.0      : 2011-12-31 12:00
cron-parser 5.10.6: 2012-01-30 12:00
croner 11.0.1     : 2012-01-30 12:00
TEXT

node probe.mjs | tee seen
diff expected seen
