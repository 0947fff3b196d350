#!/usr/bin/env bash
# snmp-native 1.2.0: many negative numbers are sent as positive ones
#
# A good guess: An INTEGER of SNMP is signed: set() to -200, a temperature in
# tenths of a degree, sends -200, as net-snmp does.
#
# What happens: The number of bytes is taken from the amount, without room for
# the sign: from -129 to -255 one byte is sent, and the device is set to 56
# instead of -200. So it is from -32769 to -65535, and from -8388609 on. What a
# device sends is read well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  snmp-native@1.2.0 asn1-ber@1.2.2

cat >probe.mjs <<'CODE'
import { createRequire } from "node:module";
import { createSocket } from "node:dgram";
import process from "node:process";

const require = createRequire(import.meta.url);
const snmp = require("snmp-native"), { BerReader, BerWriter } = require("asn1-ber");
// The agent sees what is in the packet: the value is its last element.
const agent = createSocket("udp4");
await new Promise((done) => agent.bind(0, "127.0.0.1", done));
const session = new snmp.Session({ host: "127.0.0.1", port: agent.address().port, timeouts: [100_000] });
for (const value of [200, -1, -128, -129, -200, -255, -256, -32_769]) {
  const packet = new Promise((done) => agent.once("message", done));
  session.set({ oid: [1, 3, 6, 1, 4, 1, 99_999, 1, 0], value, type: 2 }, () => {});
  const bytes = await packet;
  const integer = [1, 2, 3, 4].map((length) => bytes.subarray(-length - 2)).find((part) => part[0] === 2 && part[1] === part.length - 2);
  const writer = new BerWriter();
  writer.writeInt(value);
  console.log(`${value}: sends ${integer.toString("hex")}, which is ${new BerReader(integer).readInt()}; asn1-ber 1.2.2 writes ${writer.buffer.toString("hex")}`);
}
process.exit();
CODE

cat >expected <<'TEXT'
200: sends 020200c8, which is 200; asn1-ber 1.2.2 writes 020200c8
-1: sends 0201ff, which is -1; asn1-ber 1.2.2 writes 0201ff
-128: sends 020180, which is -128; asn1-ber 1.2.2 writes 020180
-129: sends 02017f, which is 127; asn1-ber 1.2.2 writes 0202ff7f
-200: sends 020138, which is 56; asn1-ber 1.2.2 writes 0202ff38
-255: sends 020101, which is 1; asn1-ber 1.2.2 writes 0202ff01
-256: sends 0202ff00, which is -256; asn1-ber 1.2.2 writes 0202ff00
-32769: sends 02027fff, which is 32767; asn1-ber 1.2.2 writes 0203ff7fff
TEXT

node probe.mjs | tee seen
diff expected seen
