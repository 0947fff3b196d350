#!/usr/bin/env bash
# Deno 2.9.6: DecompressionStream fails on gzip files that were put together
#
# A good guess: `cat a.gz b.gz` is a gzip file (RFC 1952), as log rotation,
# bgzip and parallel gzips write it: every reader gives both parts.
#
# What happens: DecompressionStream("gzip") gives a TypeError at the second
# member, with a message about a buffer. node:zlib of the same Deno reads it,
# and so does the DecompressionStream of Node 20. (The Compression standard
# makes input behind the data an error: that may be meant, but the message does
# not say so.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import { gunzipSync, gzipSync } from "node:zlib";

const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node";
const bytes = Buffer.concat([gzipSync("first, "), gzipSync("second")]);
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const text = await new Response(stream).text().catch((error) => `${error.name}: ${error.message}`);
console.log(`${runtime}, DecompressionStream: ${text}`);
console.log(`${runtime}, node:zlib: ${gunzipSync(bytes)}`);
CODE

cat >expected <<'TEXT'
Node, DecompressionStream: first, second
Node, node:zlib: first, second
Deno 2.9.6, DecompressionStream: TypeError: failed to write whole buffer
Deno 2.9.6, node:zlib: first, second
TEXT

{ node probe.mjs; deno run --quiet -A probe.mjs; } | tee seen
diff expected seen
