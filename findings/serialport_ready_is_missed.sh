#!/usr/bin/env bash
# @serialport/parser-ready 13.0.0: the sign that a device is ready is missed if
# its first character comes twice
#
# A good guess: Everything up to the delimiter is dropped, and everything after
# it is given, wherever the delimiter stands in the data.
#
# What happens: At a byte that does not fit the search begins anew with the next
# byte, not with this one. A prompt "\r\n> " behind "\r" ("\r\r\n> ", as many
# devices write it) is not seen, and no data are ever given: the device looks
# dead.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @serialport/parser-ready@13.0.0

cat >probe.mjs <<'CODE'
import { ReadyParser } from "@serialport/parser-ready";
import { Readable } from "node:stream";

async function show(delimiter, ...chunks) {
  const parser = new ReadyParser({ delimiter });
  let ready = false, data = "";
  parser.on("ready", () => ready = true);
  for await (const bytes of Readable.from(chunks.map((text) => Buffer.from(text))).pipe(parser)) data += bytes;
  console.log(`delimiter ${JSON.stringify(delimiter)} in ${JSON.stringify(chunks.join(""))}: ready: ${ready}, data: ${JSON.stringify(data)}`);
}
await show("\r\n> ", "boot 1.0\r\n> ", "temp 21");
await show("\r\n> ", "boot 1.0\r\r\n> ", "temp 21");
await show("READY", "ALREADY READY", "temp 21");
await show("READY", "RREADY", "temp 21");
CODE

cat >expected <<'TEXT'
delimiter "\r\n> " in "boot 1.0\r\n> temp 21": ready: true, data: "temp 21"
delimiter "\r\n> " in "boot 1.0\r\r\n> temp 21": ready: false, data: ""
delimiter "READY" in "ALREADY READYtemp 21": ready: true, data: " READYtemp 21"
delimiter "READY" in "RREADYtemp 21": ready: false, data: ""
TEXT

node probe.mjs | tee seen
diff expected seen
