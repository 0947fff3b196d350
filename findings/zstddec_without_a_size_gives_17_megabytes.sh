#!/usr/bin/env bash
# zstddec 0.3.4: what was compressed as a stream becomes 17 million bytes
#
# A good guess: decode() needs the size only where the frame does not hold it,
# and throws if it is missing. (The README says that it may fail without.)
#
# What happens: A frame that was written as a stream, by `zstd` from its standard
# input as well as by node:zlib, holds no size. Without the second argument
# decode() gives an array of 16.9 million bytes, whatever came in, that has
# nothing to do with it. With a size that is too large it gives the data.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  zstddec@0.3.4 fzstd@0.1.1

cat >probe.mjs <<'CODE'
import { decompress } from "fzstd";
import { Buffer } from "node:buffer";
import { ZSTDDecoder } from "zstddec";

// "hello world" by zstd 1.5, from a file and from standard input.
const frames = {
  "a frame with its size": "KLUv/SQLWQAAaGVsbG8gd29ybGRoaR6y",
  "a frame without": "KLUv/QRYWQAAaGVsbG8gd29ybGRoaR6y",
};
const decoder = new ZSTDDecoder();
await decoder.init();
const show = (bytes) => bytes.length < 100 ? `"${Buffer.from(bytes)}"` : `${Math.floor(bytes.length / 1e5) / 10} million bytes`;
for (const [name, text] of Object.entries(frames)) {
  const bytes = Buffer.from(text, "base64");
  console.log(`${name}: fzstd 0.1.1 ${show(decompress(bytes))}, zstddec 0.3.4 ${show(decoder.decode(bytes))}, given 100 as its size ${show(decoder.decode(bytes, 100))}`);
}
CODE

cat >expected <<'TEXT'
a frame with its size: fzstd 0.1.1 "hello world", zstddec 0.3.4 "hello world", given 100 as its size "hello world"
a frame without: fzstd 0.1.1 "hello world", zstddec 0.3.4 16.9 million bytes, given 100 as its size "hello world"
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
