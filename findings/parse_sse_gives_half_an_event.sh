#!/usr/bin/env bash
# parse-sse 0.1.0: a stream that was cut off gives the half of an event that had
# come as a whole one
#
# A good guess: An event is complete at its empty line. What has come when the
# connection ends before it is dropped, as the standard says and as browsers do:
# the client reconnects and gets the event again.
#
# What happens: The end of the stream gives the event with the data that were
# there: half a text, half a JSON. The loop ends without an error, so nothing
# tells it from a whole one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  parse-sse@0.1.0 eventsource-parser@4.1.3 @azure/core-sse@2.3.0

cat >probe.mjs <<'CODE'
import { createSseStream } from "@azure/core-sse";
import { createParser } from "eventsource-parser";
import { parseServerSentEvents } from "parse-sse";

const TEXT = 'data: {"order":1}\n\ndata: {"order":2,"am';
const body = () => ReadableStream.from([new TextEncoder().encode(TEXT)]);
async function all(events) {
  const seen = [];
  for await (const event of events) seen.push(event.data);
  return seen.join(" | ");
}
const seen = [];
createParser({ onEvent: (event) => seen.push(event.data) }).feed(TEXT);
console.log("eventsource-parser 4.1.3:", seen.join(" | "));
console.log("@azure/core-sse 2.3.0:", await all(createSseStream(body())));
const response = new Response(body(), { headers: { "content-type": "text/event-stream" } });
console.log("parse-sse 0.1.0:", await all(parseServerSentEvents(response)));
CODE

cat >expected <<'TEXT'
eventsource-parser 4.1.3: {"order":1}
@azure/core-sse 2.3.0: {"order":1}
parse-sse 0.1.0: {"order":1} | {"order":2,"am
TEXT

node probe.mjs | tee seen
diff expected seen
