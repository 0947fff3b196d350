#!/usr/bin/env bash
# bencode 4.0.1, rhea 3.0.5: a bigint is written as nothing, or as an empty map
#
# A good guess: Both formats have integers of 64 bits, bencode without any limit:
# a bigint is written as one, or the encoder throws, as JSON.stringify() does.
#
# What happens: bencode writes no byte for it, and no warning (a number with a
# fraction has one). In a list the number is missing. In a dictionary its key
# stands without a value: what is read instead is the next key, and the rest of
# the message cannot be read. rhea (AMQP 1.0) sends an empty map, as the body of
# a message and as a property.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  bencode@4.0.1 rhea@3.0.5

cat >probe.mjs <<'CODE'
import bencode from "bencode";
import { Buffer } from "node:buffer";
import rhea from "rhea";

const again = (bytes) => {
  try {
    return JSON.stringify(bencode.decode(bytes));
  } catch (error) {
    return error.name;
  }
};
for (const [name, value] of Object.entries({
  "[1, 2]": [1, 2],
  "[1n, 2]": [1n, 2],
  "{ left: 5, size: 1 }": { left: 5, size: 1 },
  "{ left: 5n, size: 1 }": { left: 5n, size: 1 },
})) {
  const bytes = bencode.encode(value);
  console.log(`bencode 4.0.1, ${name}: ${Buffer.from(bytes)}, read again ${again(bytes)}`);
}
for (const [name, value] of Object.entries({ "2": 2, "2n": 2n })) {
  const sent = rhea.message.decode(rhea.message.encode({ body: value, application_properties: { value } }));
  console.log(`rhea 3.0.5, ${name}: body ${JSON.stringify(sent.body)}, property ${JSON.stringify(sent.application_properties.value)}`);
}
CODE

cat >expected <<'TEXT'
bencode 4.0.1, [1, 2]: li1ei2ee, read again [1,2]
bencode 4.0.1, [1n, 2]: li2ee, read again [2]
bencode 4.0.1, { left: 5, size: 1 }: d4:lefti5e4:sizei1ee, read again {"left":5,"size":1}
bencode 4.0.1, { left: 5n, size: 1 }: d4:left4:sizei1ee, read again Error
rhea 3.0.5, 2: body 2, property 2
rhea 3.0.5, 2n: body {}, property {}
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
