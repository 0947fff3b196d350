#!/usr/bin/env bash
# Node 20: the "pipes" of a child are sockets, so /dev/stdout cannot be opened,
# and no SIGPIPE comes
#
# A good guess: stdio: "pipe" gives the child pipes, as a shell, CPython and
# Deno do: `> /dev/stderr` in a script works, and a program whose reader has
# gone dies of SIGPIPE.
#
# What happens: Each is one end of a Unix socket. Linux refuses to open one by
# its path under /dev or /proc: scripts that write to /dev/stdout fail with "No
# such device or address". A writer whose reader went away with unread data gets
# "Connection reset by peer" and exit code 1, where every shell and Deno's
# node:child_process see SIGPIPE: libraries for pipelines (execa, nano-spawn)
# tell two different failures of the same command.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >probe.mjs <<'CODE'
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

const runtime = globalThis.Deno ? `Deno ${Deno.version.deno}` : "Node 20";
async function run(script, whileItRuns) {
  const child = spawn("sh", ["-c", script], { env: { ...process.env, LC_ALL: "C" } });
  let output = "", errors = "";
  child.stdin.on("error", () => {});
  child.stdin.end("input");
  child.stderr.on("data", (chunk) => errors += chunk);
  if (whileItRuns) await whileItRuns(child);
  else child.stdout.on("data", (chunk) => output += chunk);
  const [code, signal] = await once(child, "close");
  return `${signal ?? `exit ${code}`} ${JSON.stringify(output.trim())} ${errors.trim().replace(/^.*: /, "")}`.trim();
}
async function leaveWhenFull(child) {
  const waits = () => readFileSync(`/proc/${child.pid}/stat`, "latin1").includes(") S ");
  const full = () => child.stdout.readableLength >= child.stdout.readableHighWaterMark;
  child.stdout.read(0);
  while (!full() || !waits()) await new Promise((done) => setTimeout(done, 10));
  child.stdout.destroy();
}
console.log(`${runtime}, echo a > /dev/stdout:`, await run("echo a > /dev/stdout"));
console.log(`${runtime}, cat /dev/stdin:`, await run("cat /dev/stdin"));
console.log(`${runtime}, yes, reader leaves:`, await run("exec yes", leaveWhenFull));
CODE

cat >expected <<'TEXT'
Node 20, echo a > /dev/stdout: exit 2 "" No such device or address
Node 20, cat /dev/stdin: exit 1 "" No such device or address
Node 20, yes, reader leaves: exit 1 "" Connection reset by peer
Deno 2.9.6, echo a > /dev/stdout: exit 0 "a"
Deno 2.9.6, cat /dev/stdin: exit 0 "input"
Deno 2.9.6, yes, reader leaves: SIGPIPE ""
TEXT

{ node probe.mjs; deno run --quiet -A probe.mjs; } | tee seen
diff expected seen
