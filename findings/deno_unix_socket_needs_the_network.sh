#!/usr/bin/env bash
# Deno 2.9.6: a Unix socket needs the permission for the network
#
# A good guess: A Unix socket is a file: --allow-read and --allow-write of its
# path let a program listen on it and connect to it.
#
# What happens: Deno.listen() and Deno.connect() ask for net access to
# "unix:" and the path as well. --allow-net with a list of hosts is not enough;
# --allow-net alone is, and so is --allow-net=unix:PATH.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
const path = "echo.sock";
let server, outcome;
try {
  server = Deno.listen({ transport: "unix", path });
  outcome = "listens";
  (await Deno.connect({ transport: "unix", path })).close();
  outcome += ", connects";
} catch (error) {
  outcome = `${error.name}, ${error.message.replace(Deno.cwd(), "FOLDER")}`;
}
server?.close();
console.log(`${Deno.args}: ${outcome}`);
CODE

cat >expected <<'TEXT'
read, write: NotCapable, Requires net access to "unix:FOLDER/echo.sock", run again with the --allow-net flag
read, write, net of a host: NotCapable, Requires net access to "unix:FOLDER/echo.sock", run again with the --allow-net flag
read, write, net of the path: listens, connects
read, write, net: listens, connects
TEXT

files=(--quiet --no-prompt --allow-read="$PWD" --allow-write="$PWD")
{
  deno run "${files[@]}" probe.mjs "read, write"
  deno run "${files[@]}" --allow-net=localhost probe.mjs "read, write, net of a host"
  rm -f echo.sock
  deno run "${files[@]}" --allow-net="unix:$PWD/echo.sock" probe.mjs "read, write, net of the path"
  rm -f echo.sock
  deno run "${files[@]}" --allow-net probe.mjs "read, write, net"
} | tee seen
diff expected seen
