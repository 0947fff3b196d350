#!/usr/bin/env bash
# node:net of Deno 2.9.6: a local address that is not permitted is an uncaught
# error
#
# A good guess: connect() whose localAddress is refused emits "error", as it
# does if the remote address is refused, and as Node does for an address that
# the machine does not have.
#
# What happens: NotCapable is thrown in a turn of its own. No listener of the
# socket hears of it, neither "error" nor "close"; without one for
# uncaughtException the program ends.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import net from "node:net";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const { port } = listener.addr;
const heard = (options) =>
  new Promise((resolve) => {
    process.once("uncaughtException", (error) => resolve(`uncaught ${error.name}`));
    const socket = net.connect({ port, ...options });
    socket.on("error", (error) => resolve(`event "error", ${error.name}`));
    socket.on("connect", () => resolve("connected"));
  });
console.log(`remote 127.0.0.2: ${await heard({ host: "127.0.0.2" })}`);
console.log(`local 127.0.0.2: ${await heard({ host: "127.0.0.1", localAddress: "127.0.0.2" })}`);
process.exit();
CODE

cat >expected <<'TEXT'
remote 127.0.0.2: event "error", NotCapable
local 127.0.0.2: uncaught NotCapable
TEXT

deno run --quiet --no-prompt --allow-net=127.0.0.1 probe.mjs | tee seen
diff expected seen
