#!/usr/bin/env bash
# dns-packet 5.6.1: a label that has a dot in it becomes two
#
# A good guess: decode() and encode() are each other's inverse. The name of a
# service on the local network is one label, in which dots, spaces and the like
# are allowed (RFC 6763): its dots are escaped ("Dr\. No"), as dig and dnspython
# write them.
#
# What happens: decode() joins the labels with dots and escapes none, and
# encode() cuts at every dot, also at an escaped one. The packet that was read
# is not the packet that is written: a question about "Dr. No" asks for another
# name, so the printer that calls itself that is seen, and cannot be resolved.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  dns-packet@5.6.1

cat >probe.mjs <<'CODE'
import { decode, encode } from "dns-packet";

// A question of type SRV for the instance "Dr. No" of _ipp._tcp.local.
const label = (text) => [text.length, ...Buffer.from(text)];
const packet = Buffer.from([
  ...[0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  ...["Dr. No", "_ipp", "_tcp", "local", ""].flatMap(label),
  ...[0, 33, 0, 1],
]);
function labels(bytes) {
  const seen = [];
  for (let at = 12; bytes[at] !== 0; at += 1 + bytes[at]) seen.push(bytes.toString("latin1", at + 1, at + 1 + bytes[at]));
  return JSON.stringify(seen);
}
const { name } = decode(packet).questions[0];
console.log(`labels that came:      ${labels(packet)}`);
console.log(`decode() gives:        ${name}`);
console.log(`encode() of that:      ${labels(encode(decode(packet)))}`);
console.log(`encode() with escapes: ${labels(encode({ type: "query", questions: [{ type: "SRV", name: "Dr\\. No._ipp._tcp.local" }] }))}`);
CODE

cat >expected <<'TEXT'
labels that came:      ["Dr. No","_ipp","_tcp","local"]
decode() gives:        Dr. No._ipp._tcp.local
encode() of that:      ["Dr"," No","_ipp","_tcp","local"]
encode() with escapes: ["Dr\\"," No","_ipp","_tcp","local"]
TEXT

node probe.mjs | tee seen
diff expected seen
