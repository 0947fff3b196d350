#!/usr/bin/env bash
# Runs smoke.ts under Node: nothing of tasks, sync and queue needs Deno. Needs no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Every module that it reaches.
mapfile -t modules < <(deno info --json tests/node/smoke.ts |
  node -p 'JSON.parse(fs.readFileSync(0)).modules.map((it) => it.local).filter(Boolean).join("\n")')
deno transpile --quiet --outdir "$out" "${modules[@]}"
find "$out" -name '*.js' -exec \
  sed -Ei 's/((from|import)\s*"\.[^"]*)\.ts"/\1.js"/' {} +
echo '{ "type": "module" }' >"$out/package.json"

status=0
timeout 60 node "$out/tests/node/smoke.js" >"$out/stdout" 2>"$out/stderr" || status=$?
if ! diff tests/node/expected.txt "$out/stdout" || ((status != 130)); then
  cat "$out/stderr"
  echo "exit code $status, expected 130"
  exit 1
fi
echo "ok: $(node --version)"
