#!/usr/bin/env bash
# statsd-parser 0.0.4: a sample rate that is cut in two is another rate
#
# A good guess: How the bytes were cut into chunks does not matter:
# "hits:1|c|@0.1" is a counter of which one in ten was sent.
#
# What happens: A metric is given before its line has ended. Cut after "|c" it
# comes without its rate, as one hit for ten; cut after "@0" it comes with the
# rate 0. The rest of the line is an error, after the metric has been counted.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  statsd-parser@0.0.4

cat >probe.mjs <<'CODE'
import statsd from "statsd-parser";

function parse(chunks) {
  const seen = [];
  const parser = statsd.parser();
  parser.onstat = (_text, { stat, value, sample_rate }) => seen.push(`${stat} = ${value}, rate ${sample_rate}`);
  parser.onerror = () => {
    seen.push("error");
    parser.error = null;
  };
  for (const chunk of chunks) parser.write(chunk);
  parser.close();
  console.log(`statsd-parser 0.0.4, ${chunks.map((chunk) => JSON.stringify(chunk)).join(" ")}: ${seen.join("; ")}`);
}
parse(["hits:1|c|@0.1\n"]);
parse(["hits:1|", "c|@0.1\n"]);
parse(["hits:1|c", "|@0.1\n"]);
parse(["hits:1|c|@0", ".1\n"]);
CODE

cat >expected <<'TEXT'
statsd-parser 0.0.4, "hits:1|c|@0.1\n": hits = 1, rate 0.1
statsd-parser 0.0.4, "hits:1|" "c|@0.1\n": hits = 1, rate 0.1
statsd-parser 0.0.4, "hits:1|c" "|@0.1\n": hits = 1, rate undefined; error
statsd-parser 0.0.4, "hits:1|c|@0" ".1\n": hits = 1, rate 0; error
TEXT

node probe.mjs | tee seen
diff expected seen
