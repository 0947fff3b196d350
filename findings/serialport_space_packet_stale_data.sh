#!/usr/bin/env bash
# @serialport/parser-spacepacket 13.0.0: a packet gets the data of the one
# before
#
# A good guess: How the bytes were cut into chunks does not matter: a header
# that came whole waits for its own data.
#
# What happens: The data of the packet before are kept when a chunk ends exactly
# after the next header. Once a byte of the new packet arrives it is put behind
# them: the packet is given with the old bytes, and its own bytes are taken for
# the start of the next header.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @serialport/parser-spacepacket@13.0.0

cat >probe.cjs <<'CODE'
const { SpacePacketParser } = require("@serialport/parser-spacepacket");

// Two CCSDS space packets: six bytes of header each, then "abc" and "z".
const first = Buffer.from("0001c0000002616263", "hex");
const header = Buffer.from("0001c0010000", "hex");
const data = Buffer.from("z");

function parse(name, chunks) {
  const parser = new SpacePacketParser();
  const seen = [];
  parser.on("data", (packet) => seen.push(packet.header ? packet.data : null));
  for (const chunk of chunks) parser.write(chunk);
  console.log(`${name}: ${seen.map((it) => JSON.stringify(it)).join(", ")}`);
}
console.log("@serialport/parser-spacepacket 13.0.0, two packets: abc, z");
parse("in one chunk", [Buffer.concat([first, header, data])]);
parse("cut after the first packet", [first, Buffer.concat([header, data])]);
parse("cut after the second header", [Buffer.concat([first, header]), data]);
CODE

cat >expected <<'TEXT'
@serialport/parser-spacepacket 13.0.0, two packets: abc, z
in one chunk: "abc", "z"
cut after the first packet: "abc", "z"
cut after the second header: "abc", "a"
TEXT

node probe.cjs | tee seen
diff expected seen
