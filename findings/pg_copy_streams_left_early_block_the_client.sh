#!/usr/bin/env bash
# pg-copy-streams 7.0.0: a COPY TO that is left early blocks its client for ever
#
# A good guess: When the file cannot be written, pipeline() destroys the stream
# of the copy, and the client can be used again, as after a pg-query-stream
# 4.17.0 that was left: the example of the README gives the client back to its
# pool in a `finally`.
#
# What happens: Nobody reads the rest of the copy, so it stays in front of every
# later answer. The client that went back to the pool accepts queries, and none
# of them ends. (A copy that fits into one chunk does no harm: it does not show
# in a small test.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n1)
[ -n "$programs" ] || { echo "needs Debian's postgresql"; exit 1; }
as=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$folder"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
"${as[@]}" "$programs/initdb" --pgdata=data --auth=trust --username=postgres --no-sync >log
"${as[@]}" "$programs/postgres" -D data -k "$folder" -h "" -F >>log 2>&1 &
server=$!
trap 'kill -INT "$server"; wait "$server" || true; rm -rf "$folder"' EXIT
until "$programs/pg_isready" --quiet --host="$folder"; do sleep 0.1; done
npm install --silent --no-audit --no-fund --ignore-scripts \
  pg@8.23.1 pg-copy-streams@7.0.0 pg-query-stream@4.17.0

cat >probe.mjs <<'CODE'
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { to } from "pg-copy-streams";
import QueryStream from "pg-query-stream";

async function show(name, query) {
  const pool = new pg.Pool({ host: process.argv[2], user: "postgres", database: "postgres", max: 1 });
  const client = await pool.connect();
  const disk = new Writable({ objectMode: true, write: (_chunk, _encoding, done) => done(new Error("disk full")) });
  let failed;
  try {
    await pipeline(client.query(query), disk);
  } catch (error) {
    failed = error.message;
  } finally {
    client.release();
  }
  const next = await Promise.race([
    pool.query("select 1 as one").then(({ rows }) => JSON.stringify(rows)),
    new Promise((done) => setTimeout(done, 2000, "no answer")),
  ]);
  console.log(`${name}: ${failed}; the next query of the pool: ${next}`);
}
await show("pg-query-stream 4.17.0, many rows", new QueryStream("select generate_series(1, 200000)"));
await show("pg-copy-streams 7.0.0, ten rows", to("copy (select generate_series(1, 10)) to stdout"));
await show("pg-copy-streams 7.0.0, many rows", to("copy (select generate_series(1, 200000)) to stdout"));
process.exit();
CODE

cat >expected <<'TEXT'
pg-query-stream 4.17.0, many rows: disk full; the next query of the pool: [{"one":1}]
pg-copy-streams 7.0.0, ten rows: disk full; the next query of the pool: [{"one":1}]
pg-copy-streams 7.0.0, many rows: disk full; the next query of the pool: no answer
TEXT

node probe.mjs "$folder" | tee seen
diff expected seen
