#!/usr/bin/env bash
# @server-sent-stream/parser 1.0.4, sse-decoder 1.0.0: data of a server-sent
# event end at U+2028, and the rest is lost
#
# A good guess: Lines of an event stream end at CR, LF or CR LF, and at nothing
# else. JSON.stringify() leaves U+2028 and U+2029 in strings as they are, so an
# event of JSON can hold them.
#
# What happens: Both take U+2028 and U+2029 for the end of the line (sse-decoder
# also vertical tabs, form feeds and U+0085). What follows in the same line is
# no field, and is dropped without a word: what arrives is half a JSON text.
# eventsource-parser and @azure/core-sse give all of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @server-sent-stream/parser@1.0.4 sse-decoder@1.0.0 \
  eventsource-parser@4.1.3 @azure/core-sse@2.3.0

cat >probe.mjs <<'CODE'
import { createRequire } from "node:module";
import { createSseStream } from "@azure/core-sse";
import { createParser } from "eventsource-parser";

const require = createRequire(import.meta.url);
const StreamParser = require("@server-sent-stream/parser").default ?? require("@server-sent-stream/parser");
const { LineDecoder, SSEDecoder } = require("sse-decoder");

const TEXT = `data: ${JSON.stringify({ text: "one\u2028two" })}\n\n`;
const BYTES = new TextEncoder().encode(TEXT);
const show = (name, events) => console.log(`${name}: ${events.map((data) => data.replaceAll("\u2028", "<U+2028>")).join(" | ")}`);
{
  const events = [];
  createParser({ onEvent: (event) => events.push(event.data) }).feed(TEXT);
  show("eventsource-parser 4.1.3", events);
}
{
  const events = [];
  for await (const event of createSseStream(ReadableStream.from([BYTES]))) events.push(event.data);
  show("@azure/core-sse 2.3.0", events);
}
{
  const events = [];
  const parser = new StreamParser((data) => events.push(data));
  parser.push(TEXT);
  parser.end();
  show("@server-sent-stream/parser 1.0.4", events);
}
{
  const lines = new LineDecoder(), decoder = new SSEDecoder();
  const events = [...lines.decode(BYTES), ...lines.flush()].map((line) => decoder.decode(line)).filter((event) => event);
  show("sse-decoder 1.0.0", events.map((event) => event.data));
}
CODE

cat >expected <<'TEXT'
eventsource-parser 4.1.3: {"text":"one<U+2028>two"}
@azure/core-sse 2.3.0: {"text":"one<U+2028>two"}
@server-sent-stream/parser 1.0.4: {"text":"one
sse-decoder 1.0.0: {"text":"one
TEXT

node probe.mjs | tee seen
diff expected seen
