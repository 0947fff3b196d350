#!/usr/bin/env bash
# @sapphire/cron 1.2.1: "from 22 to 2 o'clock" runs all day and not at night,
# and Friday to Sunday leaves Sunday out
#
# A good guess: A range that goes over midnight is from 22 to 2, as in
# node-cron, or it is refused, as by croner, cron-parser and cron; 5-7 is Friday
# to Sunday, since 7 is Sunday.
#
# What happens: The two ends of a range are exchanged: "0 22-2 * * *" runs from
# 2 to 22 o'clock, all the hours that were meant to be left out. A 7 in a range
# of weekdays is dropped.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @sapphire/cron@1.2.1 cron-parser@5.10.6

cat >probe.mjs <<'CODE'
import { Cron } from "@sapphire/cron";
import { CronExpressionParser } from "cron-parser";

const from = new Date("2026-11-30T00:00:00Z");
const take = (count, following) => {
  const dates = [];
  for (let date = from; dates.length < count;) dates.push(date = following(date));
  return dates;
};
const hours = take(30, (date) => new Cron("0 22-2 * * *").next(date)).map((date) => date.getUTCHours());
console.log("@sapphire/cron 1.2.1, 0 22-2 * * *: hours", [...new Set(hours)].sort((a, b) => a - b).join(" "));
const days = (dates) => [...new Set(dates.map((date) => date.toUTCString().slice(0, 3)))].join(" ");
console.log("@sapphire/cron 1.2.1, 0 0 * * 5-7: days", days(take(9, (date) => new Cron("0 0 * * 5-7").next(date))));
console.log("cron-parser 5.10.6, 0 0 * * 5-7: days  ", days(take(9, (date) => CronExpressionParser.parse("0 0 * * 5-7", { currentDate: date, tz: "UTC" }).next().toDate())));
let refusal = "taken";
try {
  CronExpressionParser.parse("0 22-2 * * *");
} catch {
  refusal = "refused";
}
console.log("cron-parser 5.10.6, 0 22-2 * * *:", refusal);
CODE

cat >expected <<'TEXT'
@sapphire/cron 1.2.1, 0 22-2 * * *: hours 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22
@sapphire/cron 1.2.1, 0 0 * * 5-7: days Fri Sat
cron-parser 5.10.6, 0 0 * * 5-7: days   Fri Sat Sun
cron-parser 5.10.6, 0 22-2 * * *: refused
TEXT

node probe.mjs | tee seen
diff expected seen
