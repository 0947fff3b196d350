#!/usr/bin/env bash
# cron 4.4.0: no expression has a next date that is more than eight years after
# today
#
# A good guess: getNextDateFrom(date) looks from that date: "* * * * *" is a
# minute later, whatever the date.
#
# What happens: The search starts at the date that is given, but its end is
# eight years after the clock of the machine. From a later date every expression
# throws, with a message that says that there is none in the next eight years.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  cron@4.4.0 croner@11.0.1

cat >probe.mjs <<'CODE'
import { CronTime } from "cron";
import { Cron } from "croner";

function show(name, from, next) {
  try {
    console.log(`${name}: ${(next().getTime() - from.getTime()) / 1000} seconds later`);
  } catch (error) {
    console.log(`${name}: ${error.message.split("\n")[0]}`);
  }
}
for (const years of [7, 9]) {
  const from = new Date(new Date().getUTCFullYear() + years, 11, 31);
  show(`cron, ${years} years ahead`, from, () => new CronTime("* * * * *", "UTC").getNextDateFrom(from, "UTC").toJSDate());
  show(`croner, ${years} years ahead`, from, () => new Cron("* * * * *", { timezone: "UTC" }).nextRun(from));
}
CODE

cat >expected <<'TEXT'
cron, 7 years ahead: 60 seconds later
croner, 7 years ahead: 60 seconds later
cron, 9 years ahead: Something went wrong. No execution date was found in the next 8 years.
croner, 9 years ahead: 60 seconds later
TEXT

node probe.mjs | tee seen
diff expected seen
