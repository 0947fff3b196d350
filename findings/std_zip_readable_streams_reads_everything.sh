#!/usr/bin/env bash
# zipReadableStreams() of @std/streams (npm deno-std 1.3.4): it reads its
# sources to their ends unread, and does not cancel them
#
# A good guess: A stream made of streams reads as fast as it is read, and a
# cancel goes on to its sources: so do mergeReadableStreams() on cancel, and
# ReadableStream.tee().
#
# What happens: Everything is read into memory as soon as the stream is made,
# whatever the reader does. cancel() reaches no source.
# earlyZipReadableStreams() waits for its reader and cancels.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  deno-std@1.3.4

cat >probe.mjs <<'CODE'
import { earlyZipReadableStreams } from "deno-std/streams/early_zip_readable_streams.js";
import { zipReadableStreams } from "deno-std/streams/zip_readable_streams.js";

async function measure(name, zip) {
  let pulled = 0, cancelled = 0;
  const source = () => {
    let left = 500;
    return new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue("chunk");
        if (--left === 0) controller.close();
      },
      cancel: () => void cancelled++,
    }, { highWaterMark: 0 });
  };
  const open = new ReadableStream({ cancel: () => void cancelled++ }, { highWaterMark: 0 });
  const unread = zip(source(), source());
  for (let i = 0; i < 300; i++) await new Promise((done) => setTimeout(done));
  console.log(`${name}, nobody reads: ${pulled > 900 ? "all 1000" : pulled <= 4 ? "at most 4 of 1000" : pulled} chunks pulled`);
  await unread.cancel();
  await zip(open, source()).cancel();
  for (let i = 0; i < 10; i++) await new Promise((done) => setTimeout(done));
  console.log(`${name}, cancelled: ${cancelled === 0 ? "no source" : "sources"} cancelled`);
}
console.log(`@std/streams of deno-std 1.3.4 on Deno ${Deno.version.deno}`);
await measure("zipReadableStreams", zipReadableStreams);
await measure("earlyZipReadableStreams", earlyZipReadableStreams);
CODE

cat >expected <<'TEXT'
@std/streams of deno-std 1.3.4 on Deno 2.9.6
zipReadableStreams, nobody reads: all 1000 chunks pulled
zipReadableStreams, cancelled: no source cancelled
earlyZipReadableStreams, nobody reads: at most 4 of 1000 chunks pulled
earlyZipReadableStreams, cancelled: sources cancelled
TEXT

deno run --quiet --no-lock -A probe.mjs | tee seen
diff expected seen
