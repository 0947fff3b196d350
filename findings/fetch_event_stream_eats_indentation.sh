#!/usr/bin/env bash
# fetch-event-stream 0.1.6: the indentation of a line is lost, and an event
# without data arrives
#
# A good guess: A reader of server-sent events takes away one space after the
# colon, as the standard says. An event that has no data is not dispatched.
#
# What happens: All spaces after the colon are taken away, so code or YAML that is
# streamed line by line arrives flat. A name without data is an event, whose data
# is undefined.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  fetch-event-stream@0.1.6

cat >probe.mjs <<'CODE'
import { events } from "fetch-event-stream";

console.log("fetch-event-stream 0.1.6");
const text = "data: if ready:\ndata:     start()\n\nevent: ping\n\n";
for await (const event of events(new Response(text))) {
  console.log(JSON.stringify(event.event ?? "message"), JSON.stringify(event.data));
}
CODE

cat >expected <<'TEXT'
fetch-event-stream 0.1.6
"message" "if ready:\nstart()"
"ping" undefined
TEXT

node probe.mjs | tee seen
diff expected seen
