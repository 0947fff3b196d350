#!/usr/bin/env bash
# ntp-packet-parser 0.5.0: a clock that is precise to a microsecond has a
# precision of 2^236 seconds
#
# A good guess: The precision is signed, as RFC 5905 has it and as the
# documentation implies, by which Math.pow(2, precision) are the seconds: of every
# clock that is better than a second it is negative.
#
# What happens: It is read without its sign: -20 is 236.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  ntp-packet-parser@0.5.0

cat >probe.mjs <<'CODE'
import parser from "ntp-packet-parser";

const packet = Buffer.alloc(48);
packet[0] = 0x24; // no warning, version 4, server
packet[1] = 1;
packet.writeInt8(6, 2);
packet.writeInt8(-20, 3);
packet.writeUInt32BE(2_208_988_800 + 1_700_000_000, 40);
const { poll, precision, transmitTimestamp } = parser.NtpPacketParser.parse(packet);
console.log(`precision: sent -20, read ${precision}: 2 ** ${precision} = ${2 ** precision} seconds`);
console.log(`poll: sent 6, read ${poll}`);
console.log(`transmitted: ${transmitTimestamp.toISOString()}`);
CODE

cat >expected <<'TEXT'
precision: sent -20, read 236: 2 ** 236 = 1.1042794154864902e+71 seconds
poll: sent 6, read 6
transmitted: 2023-11-14T22:13:20.000Z
TEXT

node probe.mjs | tee seen
diff expected seen
