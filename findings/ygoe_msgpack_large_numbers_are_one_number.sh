#!/usr/bin/env bash
# @ygoe/msgpack 1.0.3, osc-js 2.4.1: whole numbers that are too large arrive as
# other numbers
#
# A good guess: Both formats have a type for every number of JavaScript, the
# float of 64 bits. What is written is read again, or an encoder that cannot
# write a value throws.
#
# What happens: Both ask Number.isInteger() first, and every large number is one.
# Of @ygoe/msgpack a number above 2^63 comes back negative, and all above 2^64
# are the same number: 1e300 is 18446744073709552000. osc-js writes the lowest 32
# bits: three thousand million is a negative number, and 1e300 is 0.
# @ygoe/msgpack also reads the parts of a second before 1970 a second too late.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @ygoe/msgpack@1.0.3 osc-js@2.4.1

cat >probe.mjs <<'CODE'
import msgpack from "@ygoe/msgpack";
import { createRequire } from "node:module";

const OSC = createRequire(import.meta.url)("osc-js");
const again = (value) => msgpack.deserialize(msgpack.serialize(value));
function packed(value) {
  const bytes = new OSC.Message("/value", value).pack(), message = new OSC.Message();
  message.unpack(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return `${message.args[0]} (type ${message.types.slice(1)})`;
}
for (const value of [0.5, 2 ** 31 - 1, 3_000_000_000, 1e19, 2e19, 1e300, -1e300]) {
  console.log(`${value}: @ygoe/msgpack ${again(value)}, osc-js ${packed(value)}`);
}
const date = new Date(-1500);
console.log(`${date.toISOString()}: @ygoe/msgpack ${again(date).toISOString()}`);
CODE

cat >expected <<'TEXT'
0.5: @ygoe/msgpack 0.5, osc-js 0.5 (type f)
2147483647: @ygoe/msgpack 2147483647, osc-js 2147483647 (type i)
3000000000: @ygoe/msgpack 3000000000, osc-js -1294967296 (type i)
10000000000000000000: @ygoe/msgpack -8446744073709552000, osc-js -1981284352 (type i)
20000000000000000000: @ygoe/msgpack 18446744073709552000, osc-js 332398592 (type i)
1e+300: @ygoe/msgpack 18446744073709552000, osc-js 0 (type i)
-1e+300: @ygoe/msgpack -9223372036854776000, osc-js 0 (type i)
1969-12-31T23:59:58.500Z: @ygoe/msgpack 1969-12-31T23:59:59.500Z
TEXT

node probe.mjs | tee seen
diff expected seen
