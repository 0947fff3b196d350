#!/usr/bin/env bash
# node:dgram of Deno 2.9.6: two sockets with reusePort cannot share a port
#
# A good guess: { reusePort: true } lets several sockets bind the same port, as
# the option does in Node, and as reusePort of Deno.listen() does for TCP.
#
# What happens: The option is taken and not handed on: the second bind() emits
# "error" with EADDRINUSE. With reuseAddr: true both are bound.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import dgram from "node:dgram";

const bind = (socket, port) =>
  new Promise((resolve) => {
    socket.on("error", (error) => resolve(error.code));
    socket.bind(port, "127.0.0.1", () => resolve("bound"));
  });
for (const option of ["reusePort", "reuseAddr"]) {
  const [one, two] = [0, 1].map(() => dgram.createSocket({ type: "udp4", [option]: true }));
  const outcomes = [await bind(one, 0), await bind(two, one.address().port)];
  console.log(`node:dgram of Deno ${Deno.version.deno}, ${option}: ${outcomes.join(", ")}`);
  for (const socket of [one, two]) socket.unref();
}
const options = { hostname: "127.0.0.1", reusePort: true };
const first = Deno.listen({ ...options, port: 0 });
Deno.listen({ ...options, port: first.addr.port }).close();
first.close();
console.log("Deno.listen(), reusePort: bound, bound");
process.exit();
CODE

cat >expected <<'TEXT'
node:dgram of Deno 2.9.6, reusePort: bound, EADDRINUSE
node:dgram of Deno 2.9.6, reuseAddr: bound, bound
Deno.listen(), reusePort: bound, bound
TEXT

deno run --quiet --unstable-net -A probe.mjs | tee seen
diff expected seen
