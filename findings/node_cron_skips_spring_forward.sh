#!/usr/bin/env bash
# node-cron 4.6.0, node-schedule 2.1.1: a job whose time falls into the gap of a
# clock change does not run that day
#
# A good guess: 02:30 on the day on which 02:00 becomes 03:00 runs at 03:00 or
# 03:30, as with croner, cron, cron-parser and effect.
#
# What happens: node-cron leaves the day out. node-schedule, which builds on
# cron-parser 4, runs at 03:30 in Berlin, but leaves the day out in Cairo, where
# the gap begins at midnight: 00:30 does not come, although cron-parser 5 has
# it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  node-cron@4.6.0 node-schedule@2.1.1 croner@11.0.1

cat >probe.mjs <<'CODE'
import { Cron } from "croner";
import nodeCron from "node-cron";
import schedule from "node-schedule";

// Both libraries ask only for "the next run from now": tell them what now is.
const RealDate = Date;
let offset = 0;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    args.length === 0 ? super(RealDate.now() + offset) : super(...args);
  }
  static now() {
    return RealDate.now() + offset;
  }
};
for (const [expression, timezone, now] of [
  ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z"],
  ["30 0 * * *", "Africa/Cairo", "2026-04-23T12:00Z"],
]) {
  offset = RealDate.parse(now) - RealDate.now();
  const local = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone, dateStyle: "short", timeStyle: "short" });
  const show = (name, date) => console.log(`${timezone} ${expression} ${name}: ${local.format(date)}`);
  show("node-cron", nodeCron.createTask(expression, () => {}, { timezone }).getNextRuns(1)[0]);
  const job = new schedule.Job("probe", () => {});
  job.schedule({ rule: expression, tz: timezone });
  show("node-schedule", new RealDate(job.nextInvocation().getTime()));
  job.cancel();
  show("croner", new Cron(expression, { timezone }).nextRun(new Date(now)));
}
process.exit();
CODE

cat >expected <<'TEXT'
Europe/Berlin 30 2 * * * node-cron: 2026-03-30 02:30
Europe/Berlin 30 2 * * * node-schedule: 2026-03-29 03:30
Europe/Berlin 30 2 * * * croner: 2026-03-29 03:00
Africa/Cairo 30 0 * * * node-cron: 2026-04-25 00:30
Africa/Cairo 30 0 * * * node-schedule: 2026-04-25 00:30
Africa/Cairo 30 0 * * * croner: 2026-04-24 01:00
TEXT

node probe.mjs | tee seen
diff expected seen
