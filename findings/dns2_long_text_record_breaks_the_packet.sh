#!/usr/bin/env bash
# dns2 3.1.1: a TXT record of more than 255 bytes makes a packet that cannot be
# read
#
# A good guess: A text that is too long for one character string (255 bytes) is
# written in several, as every name server does with DKIM keys, or it is an
# error.
#
# What happens: It is written as one, with the length modulo 256. There is no
# error: the client that reads with dns2 gets an answer without the record, and
# dns-packet 5.6.1 calls the packet broken. An array of shorter texts is written
# well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  dns2@3.1.1 dns-packet@5.6.1

cat >probe.mjs <<'CODE'
import { decode } from "dns-packet";
import dns2 from "dns2";

const { Packet } = dns2;
function show(name, data) {
  const packet = new Packet();
  packet.header.id = 1;
  packet.header.qr = 1;
  packet.answers.push({ name: "key.example", type: Packet.TYPE.TXT, class: Packet.CLASS.IN, ttl: 60, data });
  const bytes = packet.toBuffer();
  const own = Packet.parse(bytes).answers.map((answer) => [answer.data].flat().join("").length);
  let other;
  try {
    other = decode(bytes).answers.map((answer) => answer.data.join("").length);
  } catch (error) {
    other = `error: ${error.message}`;
  }
  console.log(`${name}: read with dns2: [${own}], with dns-packet: ${Array.isArray(other) ? `[${other}]` : other}`);
}
show("255 bytes          ", "k".repeat(255));
show("400 bytes          ", "k".repeat(400));
show("[200 bytes, 200]   ", ["k".repeat(200), "k".repeat(200)]);
CODE

cat >expected <<'TEXT'
255 bytes          : read with dns2: [255], with dns-packet: [255]
400 bytes          : read with dns2: [], with dns-packet: error: Buffer overflow
[200 bytes, 200]   : read with dns2: [400], with dns-packet: [400]
TEXT

node probe.mjs | tee seen
diff expected seen
