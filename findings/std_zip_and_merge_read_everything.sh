#!/usr/bin/env bash
# zipReadableStreams() and mergeReadableStreams() of @std/streams (npm deno-std
# 1.3.4): they read their sources to the end before they are read themselves
#
# A good guess: A stream made of streams reads as fast as it is read, as
# concatReadableStreams() and earlyZipReadableStreams() do, and a cancel goes on
# to its sources.
#
# What happens: Both read everything into memory as soon as the stream is made,
# and a cancel does not reach a source that is silent.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  deno-std@1.3.4

cat >probe.mjs <<'CODE'
import { concatReadableStreams } from "deno-std/streams/concat_readable_streams.js";
import { earlyZipReadableStreams } from "deno-std/streams/early_zip_readable_streams.js";
import { mergeReadableStreams } from "deno-std/streams/merge_readable_streams.js";
import { zipReadableStreams } from "deno-std/streams/zip_readable_streams.js";

console.log(`@std/streams of deno-std 1.3.4 on Deno ${Deno.version.deno}`);
for (const join of [zipReadableStreams, mergeReadableStreams, concatReadableStreams, earlyZipReadableStreams]) {
  let pulled = 0, cancelled = 0;
  const source = (limit) =>
    new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue("chunk");
        if (--limit === 0) controller.close();
      },
      cancel: () => void cancelled++,
    }, { highWaterMark: 0 });
  const silent = () => new ReadableStream({ cancel: () => void cancelled++ }, { highWaterMark: 0 });
  join(source(500), source(500));
  for (let i = 0; i < 300; i++) await new Promise((done) => setTimeout(done));
  const read = pulled > 900 ? "all 1000" : pulled < 10 ? "fewer than 10 of 1000" : pulled;
  await join(silent(), silent()).cancel();
  for (let i = 0; i < 10; i++) await new Promise((done) => setTimeout(done));
  console.log(`${join.name}: ${read} chunks read ahead; a cancel reached ${cancelled} of 2 sources`);
}
CODE

cat >expected <<'TEXT'
@std/streams of deno-std 1.3.4 on Deno 2.9.6
zipReadableStreams: all 1000 chunks read ahead; a cancel reached 0 of 2 sources
mergeReadableStreams: all 1000 chunks read ahead; a cancel reached 0 of 2 sources
concatReadableStreams: fewer than 10 of 1000 chunks read ahead; a cancel reached 2 of 2 sources
earlyZipReadableStreams: fewer than 10 of 1000 chunks read ahead; a cancel reached 2 of 2 sources
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
