#!/usr/bin/env bash
# proxy-protocol-js 4.0.6: extensions of a PROXY protocol header are given as
# data, and "PROXY UNKNOWN" is refused
#
# A good guess: In version 2 the length covers the address and the extensions
# behind it (TLVs: a TLS name, a connection id, padding), and the data of the
# client come after them. In version 1 "PROXY UNKNOWN" and CR LF is a header,
# which says that there is no address: health checks have it.
#
# What happens: The data begin behind the address: they are the extensions and
# then what the client has sent. The short header of version 1 is a parse error;
# with addresses behind UNKNOWN it is taken.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  proxy-protocol-js@4.0.6

cat >probe.mjs <<'CODE'
import { V1ProxyProtocol, V2ProxyProtocol } from "proxy-protocol-js";

const start = Buffer.from("0d0a0d0a000d0a515549540a2111", "hex");
const address = Buffer.from([192, 0, 2, 1, 192, 0, 2, 2, 5000 >> 8, 5000 & 255, 0, 80]);
const padding = Buffer.from([4, 0, 2, 0, 0]); // PP2_TYPE_NOOP, two bytes
for (const rest of [address, Buffer.concat([address, padding])]) {
  const message = Buffer.concat([start, Buffer.from([0, rest.length]), rest, Buffer.from("hello")]);
  const data = Buffer.from(V2ProxyProtocol.parse(message).data).toString();
  console.log(`proxy-protocol-js 4.0.6, version 2, length ${rest.length}: data ${JSON.stringify(data)}`);
}
for (const header of ["PROXY UNKNOWN ::1 ::2 5000 80", "PROXY UNKNOWN"]) {
  let outcome;
  try {
    outcome = `data ${JSON.stringify(V1ProxyProtocol.parse(`${header}\r\nhello`).data)}`;
  } catch (error) {
    outcome = error.name;
  }
  console.log(`proxy-protocol-js 4.0.6, ${header}: ${outcome}`);
}
CODE

cat >expected <<'TEXT'
proxy-protocol-js 4.0.6, version 2, length 12: data "hello"
proxy-protocol-js 4.0.6, version 2, length 17: data "\u0004\u0000\u0002\u0000\u0000hello"
proxy-protocol-js 4.0.6, PROXY UNKNOWN ::1 ::2 5000 80: data "hello"
proxy-protocol-js 4.0.6, PROXY UNKNOWN: V1ProxyProtocolParseError
TEXT

node probe.mjs | tee seen
diff expected seen
