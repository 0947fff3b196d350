#!/usr/bin/env bash
# bencode 4.0.1: a bigint is written as nothing at all
#
# A good guess: An integer of bencode has no limit, so a bigint is written like a
# number, or encode() throws, as JSON.stringify() does.
#
# What happens: It writes no byte for it, and no warning (a number with a
# fraction has one). In a list the number is missing. In a dictionary its key
# stands without a value: what is read instead is the next key, and the rest of
# the message cannot be read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  bencode@4.0.1

cat >probe.mjs <<'CODE'
import bencode from "bencode";
import { Buffer } from "node:buffer";

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
CODE

cat >expected <<'TEXT'
bencode 4.0.1, [1, 2]: li1ei2ee, read again [1,2]
bencode 4.0.1, [1n, 2]: li2ee, read again [2]
bencode 4.0.1, { left: 5, size: 1 }: d4:lefti5e4:sizei1ee, read again {"left":5,"size":1}
bencode 4.0.1, { left: 5n, size: 1 }: d4:left4:sizei1ee, read again Error
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
