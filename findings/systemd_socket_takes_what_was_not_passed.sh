#!/usr/bin/env bash
# systemd-socket 0.0.0: gives descriptors that systemd has not passed, and those
# of another process
#
# A good guess: LISTEN_FDS says how many sockets there are from descriptor 3 on,
# and LISTEN_PID for which process they are: sd_listen_fds() looks at both. What
# is not there is null, so that the program opens a port of its own.
#
# What happens: LISTEN_PID is not looked at: a child of an activated program has
# the variables, and takes its own descriptor 3, whatever that is, for the
# socket. With one socket the second one is { fd: 4 }, since an index is
# compared with nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  systemd-socket@0.0.0

cat >probe.mjs <<'CODE'
import { spawnSync } from "node:child_process";

const PROGRAM = `
  if (process.env.LISTEN_PID === "own") process.env.LISTEN_PID = String(process.pid);
  const socket = require("systemd-socket");
  console.log(JSON.stringify([socket(0), socket(1)]));
`;
for (const variables of [{}, { LISTEN_PID: "own", LISTEN_FDS: "1" }, { LISTEN_PID: "1", LISTEN_FDS: "1" }]) {
  const { stdout } = spawnSync(process.execPath, ["-e", PROGRAM], { env: { ...process.env, ...variables }, encoding: "utf8" });
  console.log(`systemd-socket 0.0.0, ${JSON.stringify(variables)}: ${stdout.trim()}`);
}
CODE

cat >expected <<'TEXT'
systemd-socket 0.0.0, {}: [null,null]
systemd-socket 0.0.0, {"LISTEN_PID":"own","LISTEN_FDS":"1"}: [{"fd":3},{"fd":4}]
systemd-socket 0.0.0, {"LISTEN_PID":"1","LISTEN_FDS":"1"}: [{"fd":3},{"fd":4}]
TEXT

node probe.mjs | tee seen
diff expected seen
