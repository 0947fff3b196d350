#!/usr/bin/env bash
# Deno 2.9.6: a program under nohup dies of SIGHUP once it listens to any other
# signal
#
# A good guess: nohup makes a program ignore SIGHUP, and a listener for SIGUSR2
# changes nothing in that: with CPython it does not.
#
# What happens: The first Deno.addSignalListener(), for whichever signal, gives
# SIGHUP its default back: the terminal closes, and the program is gone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
const ignored = () => {
  const mask = Deno.readTextFileSync("/proc/self/status").match(/SigIgn:\s*(\w+)/)[1];
  return (BigInt("0x" + mask) & 1n) === 1n ? "ignored" : "deadly";
};
console.log(`Deno ${Deno.version.deno} under nohup: SIGHUP is ${ignored()}`);
const listener = () => {};
Deno.addSignalListener("SIGUSR2", listener);
console.log(`with a listener for SIGUSR2: SIGHUP is ${ignored()}`);
Deno.removeSignalListener("SIGUSR2", listener);
console.log(`without it again: SIGHUP is ${ignored()}`);
CODE

cat >expected <<'TEXT'
Deno 2.9.6 under nohup: SIGHUP is ignored
with a listener for SIGUSR2: SIGHUP is deadly
without it again: SIGHUP is deadly
TEXT

nohup deno run --quiet -A probe.mjs </dev/null 2>/dev/null | tee seen
diff expected seen
