#!/usr/bin/env bash
# @breejs/later 4.2.0, later 1.2.0: weekday 7 of a cron expression is Saturday
#
# A good guess: 0 and 7 are both Sunday, as in every crontab (croner,
# cron-parser, cron, node-cron).
#
# What happens: later counts its days from 1 (Sunday) to 7 (Saturday), and adds
# one to the numbers of a cron expression, but not to the 7: `0 12 * * 7` is
# every Saturday, silently. The range 5-7 loses its Sunday.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @breejs/later@4.2.0 later@1.2.0 croner@11.0.1

cat >probe.mjs <<'CODE'
import bree from "@breejs/later";
import { Cron } from "croner";
import later from "later";

const from = new Date("2026-01-01T00:00:00Z");
const day = (date) => date.toUTCString().slice(0, 3);
for (const expression of ["0 12 * * 0", "0 12 * * 7", "0 12 * * 5-7"]) {
  for (const [name, library] of [["@breejs/later", bree], ["later", later]]) {
    library.date.UTC();
    const next = library.schedule(library.parse.cron(expression)).next(3, from);
    console.log(`${expression}  ${name}: ${next.map(day).join(" ")}`);
  }
  const next = new Cron(expression, { timezone: "UTC" }).nextRuns(3, from);
  console.log(`${expression}  croner: ${next.map(day).join(" ")}`);
}
CODE

cat >expected <<'TEXT'
0 12 * * 0  @breejs/later: Sun Sun Sun
0 12 * * 0  later: Sun Sun Sun
0 12 * * 0  croner: Sun Sun Sun
0 12 * * 7  @breejs/later: Sat Sat Sat
0 12 * * 7  later: Sat Sat Sat
0 12 * * 7  croner: Sun Sun Sun
0 12 * * 5-7  @breejs/later: Fri Sat Fri
0 12 * * 5-7  later: Fri Sat Fri
0 12 * * 5-7  croner: Fri Sat Sun
TEXT

node probe.mjs | tee seen
diff expected seen
