#!/usr/bin/env bash
# Node 20: the callback of a write that destroy() has cut off reports success
#
# A good guess: The callback of socket.write() gets an error if the bytes did
# not go out: it is the one way to know.
#
# What happens: destroy() while a write is under way drops what the kernel has
# not taken yet, and the callback is called without an error. Deno 2.9.6 gives
# ECANCELED there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
case "$(node --version)" in v20.*) ;; *) echo "needs Node 20"; exit 1 ;; esac

cat >probe.mjs <<'CODE'
import { once } from "node:events";
import net from "node:net";

const size = 64 * 1024 * 1024;
const server = net.createServer().listen(0, "127.0.0.1");
await once(server, "listening");
const socket = net.connect(server.address().port, "127.0.0.1");
const [peer] = await once(server, "connection");
if (socket.connecting) await once(socket, "connect");
peer.pause();
const written = new Promise((done) => socket.write(Buffer.alloc(size), done));
// The kernel has taken what its buffers hold, and the rest waits.
await new Promise((done) => setTimeout(done, 50));
socket.destroy();
const error = await written;

let arrived = 0;
peer.on("data", (chunk) => arrived += chunk.length);
peer.on("error", () => {});
peer.resume();
await once(peer, "close");
server.close();
const runtime = globalThis.Deno ? "Deno" : "Node";
console.log(`${runtime}: the callback got ${error ? error.code : "no error"};`, arrived < size ? "the peer got a part" : "all arrived");
CODE

cat >expected <<'TEXT'
Node: the callback got no error; the peer got a part
Deno: the callback got ECANCELED; the peer got a part
TEXT

{ node probe.mjs; deno run --quiet -A probe.mjs; } | tee seen
diff expected seen
