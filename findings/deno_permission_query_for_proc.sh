#!/usr/bin/env bash
# Deno 2.9.6: a query says that /proc may be read, and reading it is refused
#
# A good guess: Deno.permissions.query() tells what an operation with that path
# will meet.
#
# What happens: With --allow-read the state of { name: "read", path:
# "/proc/self/status" } is "granted", but the file needs all permissions. Of a
# path elsewhere query and reading agree. A program that asks first, to choose
# another way, can find out only by trying.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
for (const path of ["/proc/self/status", "probe.mjs"]) {
  const { state } = await Deno.permissions.query({ name: "read", path });
  let outcome = "read";
  try {
    Deno.readTextFileSync(path);
  } catch (error) {
    outcome = error.name;
  }
  console.log(`Deno ${Deno.version.deno}, --allow-read, ${path}: query ${state}, reading: ${outcome}`);
}
CODE

cat >expected <<'TEXT'
Deno 2.9.6, --allow-read, /proc/self/status: query granted, reading: NotCapable
Deno 2.9.6, --allow-read, probe.mjs: query granted, reading: read
TEXT

deno run --quiet --no-prompt --allow-read probe.mjs | tee seen
diff expected seen
