#!/usr/bin/env bash
# cronbake 0.4.0: "@every_3_days" runs every second
#
# A good guess: A unit that is not known is refused, as "@fortnightly" is;
# "@every_3_hours" and "@every_2_dayOfMonth" are known.
#
# What happens: With a unit that is not in its list ("days", "weeks", a word
# with a typing error) every field stays a star: the job runs every second. (The
# documentation names the units, in which days are "dayOfMonth".)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  cronbake@0.4.0

cat >probe.mjs <<'CODE'
import { CronParser } from "cronbake";

for (const expression of ["@every_3_hours", "@every_3_days", "@every_2_weeks", "@every_5_minuets", "@fortnightly"]) {
  try {
    const { second, minute, hour } = new CronParser(expression).parse();
    console.log(`cronbake 0.4.0: ${expression} runs in ${second.length} seconds of ${minute.length} minutes of ${hour.length} hours`);
  } catch {
    console.log(`cronbake 0.4.0: ${expression} is refused`);
  }
}
CODE

cat >expected <<'TEXT'
cronbake 0.4.0: @every_3_hours runs in 1 seconds of 1 minutes of 8 hours
cronbake 0.4.0: @every_3_days runs in 60 seconds of 60 minutes of 24 hours
cronbake 0.4.0: @every_2_weeks runs in 60 seconds of 60 minutes of 24 hours
cronbake 0.4.0: @every_5_minuets runs in 60 seconds of 60 minutes of 24 hours
cronbake 0.4.0: @fortnightly is refused
TEXT

node probe.mjs | tee seen
diff expected seen
