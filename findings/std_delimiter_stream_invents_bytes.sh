#!/usr/bin/env bash
# DelimiterStream of @std/streams (npm deno-std 1.3.4): a delimiter that comes
# in three or more chunks puts its own bytes into the data
#
# A good guess: How the bytes were cut into chunks does not matter: the pieces
# between the delimiters are the same, as they are for TextDelimiterStream.
#
# What happens: Only the last of the chunks that the delimiter began in is cut.
# The earlier ones are given whole, with the first bytes of the delimiter at the
# end of the piece before; with "prefix" these bytes are missing from the next
# piece too. Headers read byte by byte end in a CRLF that was never sent twice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  deno-std@1.3.4

cat >probe.mjs <<'CODE'
import { DelimiterStream } from "deno-std/streams/delimiter_stream.js";
import { TextDelimiterStream } from "deno-std/streams/text_delimiter_stream.js";

const text = "Host: a\r\n\r\nbody";
const encode = (it) => new TextEncoder().encode(it);
async function pieces(chunks, stream) {
  const all = await Array.fromAsync(ReadableStream.from(chunks).pipeThrough(stream));
  return JSON.stringify(all.map((it) => typeof it === "string" ? it : new TextDecoder().decode(it)));
}
const bytes = (size, disposition = "discard") =>
  pieces(
    Array.from({ length: Math.ceil(text.length / size) }, (_, i) => encode(text.slice(i * size, i * size + size))),
    new DelimiterStream(encode("\r\n\r\n"), { disposition }),
  );
console.log(`@std/streams of deno-std 1.3.4 on Deno ${Deno.version.deno}`);
console.log("one chunk:         ", await bytes(100));
console.log("two bytes a chunk: ", await bytes(2));
console.log("byte by byte:      ", await bytes(1));
console.log("one chunk, prefix: ", await bytes(100, "prefix"));
console.log("by byte, prefix:   ", await bytes(1, "prefix"));
console.log("text, by character:", await pieces([...text], new TextDelimiterStream("\r\n\r\n")));
CODE

cat >expected <<'TEXT'
@std/streams of deno-std 1.3.4 on Deno 2.9.6
one chunk:          ["Host: a","body"]
two bytes a chunk:  ["Host: a\r\n","body"]
byte by byte:       ["Host: a\r\n","body"]
one chunk, prefix:  ["Host: a","\r\n\r\nbody"]
by byte, prefix:    ["Host: a\r\n","\r\nbody"]
text, by character: ["Host: a","body"]
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
