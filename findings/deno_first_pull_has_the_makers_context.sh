#!/usr/bin/env bash
# Deno 2.9.6: the first value of a ReadableStream.from() that is read at once is
# computed in the async context of the code that made the stream, the others in
# that of the reader
#
# A good guess: One of the two, for all values: a generator that is read in a
# loop runs in the context of the loop.
#
# What happens: Node 20 runs the whole generator in the context of the reader.
# So does Deno if the stream is read in a later turn than it was made. If it is
# read at once, the first value is computed in the context of the maker, and an
# AsyncLocalStorage inside of the generator changes at the first `yield`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import { AsyncLocalStorage } from "node:async_hooks";

const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node";
const storage = new AsyncLocalStorage();
async function show(name, wrap, pause) {
  const seen = [];
  async function* values() {
    for (let i = 0; i < 4; i++) {
      seen.push(storage.getStore());
      yield i;
    }
  }
  const source = storage.run("maker", () => wrap(values()));
  if (pause) await pause;
  await storage.run("reader", async () => {
    for await (const _ of source);
  });
  console.log(`${runtime}, ${name}: ${seen.join(", ")}`);
}
await show("generator", (generator) => generator);
await show("ReadableStream.from()", (generator) => ReadableStream.from(generator));
await show("read later", (generator) => ReadableStream.from(generator), new Promise((done) => setTimeout(done)));
CODE

cat >expected <<'TEXT'
Node, generator: reader, reader, reader, reader
Node, ReadableStream.from(): reader, reader, reader, reader
Node, read later: reader, reader, reader, reader
Deno 2.9.6, generator: reader, reader, reader, reader
Deno 2.9.6, ReadableStream.from(): maker, reader, reader, reader
Deno 2.9.6, read later: reader, reader, reader, reader
TEXT

{ node probe.mjs; deno run --quiet probe.mjs; } | tee seen
diff expected seen
