#!/usr/bin/env bash
# pg-cursor 2.22.1: reads that overlap lose rows, and some of them never settle
#
# A good guess: A read() while another one is under way waits for its turn, as a
# query of the same client does: two workers that draw from one cursor get all
# rows between them.
#
# What happens: It is put in a queue, but the queue is run at the wrong moments.
# Of three reads at once the first never settles, the second gets the first
# rows, and the rows of the third are fetched and given to no read: the next one
# that is made gets those behind them.
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
  pg@8.23.1 pg-cursor@2.22.1

cat >probe.mjs <<'CODE'
import pg from "pg";
import Cursor from "pg-cursor";

const client = new pg.Client({ host: process.argv[2], user: "postgres", database: "postgres" });
await client.connect();
const cursor = client.query(new Cursor("select generate_series(1, 8) as n"));
const results = {};
function read(name) {
  results[name] = "never settles";
  return cursor.read(2).then((rows) => results[name] = `rows ${rows.map(({ n }) => n).join(" and ")}`);
}
const [, second] = [read("first"), read("second"), read("third")];
await second;
await new Promise((done) => setTimeout(done, 500));
await read("fourth");
await read("fifth");
await read("sixth");
await new Promise((done) => setTimeout(done, 500));
await cursor.close();
console.log("pg-cursor 2.22.1, eight rows, two a read; the first three reads are made at once:");
for (const [name, result] of Object.entries(results)) console.log(`  ${name.padEnd(6)}: ${result}`);
process.exit();
CODE

cat >expected <<'TEXT'
pg-cursor 2.22.1, eight rows, two a read; the first three reads are made at once:
  first : never settles
  second: rows 1 and 2
  third : never settles
  fourth: rows 5 and 6
  fifth : rows 7 and 8
  sixth : rows 
TEXT

node probe.mjs "$folder" | tee seen
diff expected seen
