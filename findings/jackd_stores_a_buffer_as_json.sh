#!/usr/bin/env bash
# jackd 2.2.2: a job of bytes is stored as a text about them
#
# A good guess: Jobs of beanstalkd are bytes. The README says that put() sends a
# Buffer as it is.
#
# What happens: Whatever is an object goes through JSON.stringify(), a Buffer as
# well: five bytes are stored as {"type":"Buffer","data":[...]}, and workers of
# other languages find that. A Uint8Array becomes {"0":104,...}. A job of 20 kB
# is larger than the 64 kB that beanstalkd takes, and is refused.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  jackd@2.2.2

cat >probe.mjs <<'CODE'
import jackd from "jackd";
import { createServer } from "node:net";
import process from "node:process";

let stored = Buffer.alloc(0);
const server = createServer((socket) =>
  socket.on("data", (data) => {
    stored = Buffer.concat([stored, data]);
    const head = stored.indexOf("\r\n") + 2;
    const size = Number(stored.toString("latin1", 0, head).split(" ")[4]);
    if (stored.length < head + size + 2) return;
    stored = stored.subarray(head, head + size);
    socket.write("INSERTED 1\r\n");
  })
);
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const client = new (jackd.default ?? jackd)();
await client.connect({ host: "127.0.0.1", port: server.address().port });
for (const [name, job] of Object.entries({
  string: "hello",
  Buffer: Buffer.from("hello"),
  Uint8Array: new Uint8Array([104, 105]),
  "Buffer of 20000 bytes": Buffer.alloc(20000, 200),
})) {
  stored = Buffer.alloc(0);
  await client.put(job);
  console.log(`jackd 2.2.2, ${name}: ${stored.length > 100 ? `${stored.length} bytes` : stored}`);
}
process.exit();
CODE

cat >expected <<'TEXT'
jackd 2.2.2, string: hello
jackd 2.2.2, Buffer: {"type":"Buffer","data":[104,101,108,108,111]}
jackd 2.2.2, Uint8Array: {"0":104,"1":105}
jackd 2.2.2, Buffer of 20000 bytes: 80026 bytes
TEXT

node probe.mjs | tee seen
diff expected seen
