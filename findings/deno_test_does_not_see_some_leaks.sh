#!/usr/bin/env bash
# Deno 2.9.6: tests with sanitizeResources and sanitizeOps pass though they
# leave descriptors, servers and workers behind
#
# A good guess: A resource that a test opens and does not close fails the test,
# whichever API it came from.
#
# What happens: It does for Deno.open(), Deno.listen() and sockets of
# node:dgram. Descriptors of node:fs, servers of node:net, and workers, of the
# web and of node:worker_threads, stay open and the test is "ok".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import dgram from "node:dgram";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import { Worker as NodeWorker } from "node:worker_threads";

const file = new URL(import.meta.url);
const leaks = {
  "Deno.open": () => Deno.open(file),
  "Deno.listen": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).unref(),
  "node:dgram": () => once(dgram.createSocket("udp4").bind(0, "127.0.0.1").unref(), "listening"),
  "node:fs openSync": () => fs.openSync(file),
  "node:fs promises.open": async () => globalThis.handle = await fs.promises.open(file),
  "node:net server": () => once(net.createServer().listen(0, "127.0.0.1").unref(), "listening"),
  "Worker": () => new Worker("data:text/javascript,setInterval(() => {}, 1e6)", { type: "module" }),
  "node:worker_threads": () => new NodeWorker("setInterval(() => {}, 1e6)", { eval: true }).unref(),
};
for (const [name, leak] of Object.entries(leaks)) {
  Deno.test(name, { sanitizeResources: true, sanitizeOps: true }, async () => void await leak());
}
CODE

cat >expected <<'TEXT'
Deno.open: FAILED
Deno.listen: FAILED
node:dgram: FAILED
node:fs openSync: ok
node:fs promises.open: ok
node:net server: ok
Worker: ok
node:worker_threads: ok
TEXT

{ NO_COLOR=1 deno test --quiet --no-lock -A probe.mjs 2>&1 || true; } |
  sed -nE 's/^(.*) \.\.\. (ok|FAILED) .*/\1: \2/p' | tee seen
diff expected seen
