#!/usr/bin/env bash
# sip 0.0.6: the answer to a request that came by IPv6 has no address to go to
#
# A good guess: The address of a Via may be that of IPv6, in brackets (RFC 3261),
# and a response carries the Via of its request back, with the branch that tells
# which request is answered.
#
# What happens: parse() takes the host up to the first colon: "[2001", and what
# is behind it, the port and the branch, is gone. makeResponse() writes that
# into the answer, which no proxy can pass on and no client takes for its own.
# parseUri() does not know such addresses at all: it gives undefined.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  sip@0.0.6

cat >probe.mjs <<'CODE'
import { createRequire } from "node:module";

const sip = createRequire(import.meta.url)("sip");
for (const host of ["192.0.2.1", "[2001:db8::1]"]) {
  const request = sip.parse([
    "OPTIONS sip:bob@example.com SIP/2.0",
    `Via: SIP/2.0/UDP ${host}:5070;branch=z9hG4bK1`,
    "From: <sip:ann@example.com>;tag=1",
    "To: <sip:bob@example.com>",
    "Call-ID: 1@example.com",
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n"));
  const answer = sip.stringify(sip.makeResponse(request, 200)).split("\r\n");
  console.log(`sip 0.0.6, asked from ${host}: answers with "${answer.find((line) => line.startsWith("Via"))}", host of a URI ${sip.parseUri(`sip:ann@${host}:5070`)?.host}`);
}
CODE

cat >expected <<'TEXT'
sip 0.0.6, asked from 192.0.2.1: answers with "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1", host of a URI 192.0.2.1
sip 0.0.6, asked from [2001:db8::1]: answers with "Via: SIP/2.0/UDP [2001", host of a URI undefined
TEXT

node probe.mjs | tee seen
diff expected seen
