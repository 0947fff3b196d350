#!/usr/bin/env bash
# event-source-plus 0.1.15: of an event with several lines of data only the last
# one arrives
#
# A good guess: The data of an event are its data lines, joined by line feeds,
# as every browser gives them, and one space after the colon is not part of
# them.
#
# What happens: Each data line replaces the one before: a text of three lines
# arrives as its third, and an event that ends with an empty data line as
# nothing. Blanks at both ends of a line are taken away as well, so code loses
# its indentation.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  event-source-plus@0.1.15 eventsource-parser@4.1.3

cat >probe.mjs <<'CODE'
import { once } from "node:events";
import http from "node:http";
import { EventSourcePlus } from "event-source-plus";
import { createParser } from "eventsource-parser";

const TEXT = "data: if (true) {\ndata:   return;\ndata: }\n\ndata:   return;\n\ndata: the end\n\n";
const server = http.createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(TEXT);
}).listen(0, "127.0.0.1");
await once(server, "listening");

const expected = [];
createParser({ onEvent: (event) => expected.push(event.data) }).feed(TEXT);
console.log("eventsource-parser 4.1.3:", JSON.stringify(expected));
const events = [];
await new Promise((done) => {
  const controller = new EventSourcePlus(`http://127.0.0.1:${server.address().port}`).listen({
    onMessage(event) {
      events.push(event.data);
      if (event.data === "the end") {
        controller.abort();
        done();
      }
    },
  });
});
console.log("event-source-plus 0.1.15:", JSON.stringify(events));
process.exit();
CODE

cat >expected <<'TEXT'
eventsource-parser 4.1.3: ["if (true) {\n  return;\n}","  return;","the end"]
event-source-plus 0.1.15: ["}","return;","the end"]
TEXT

node probe.mjs | tee seen
diff expected seen
