#!/usr/bin/env bash
# pg-boss 12.38.0: the jobs of one batch come in an order that looks shuffled,
# whatever their priority
#
# A good guess: fetch() and work() with a batchSize give the jobs in the order
# in which they would give them one by one: highest priority first, then first
# in, first out.
#
# What happens: That order decides which jobs the batch has, not how they lie in
# it: they are returned as the database happens to update them. A handler that
# goes through its batch does the last job first and the most urgent one in the
# middle.
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
  pg-boss@12.38.0

cat >probe.mjs <<'CODE'
import { PgBoss } from "pg-boss";

const boss = new PgBoss({ host: Deno.args[0], user: "postgres", database: "postgres" });
boss.on("error", (error) => console.log(error.message));
await boss.start();
const numbers = Array.from({ length: 20 }, (_, n) => n);
async function filled(queue, options) {
  await boss.createQueue(queue);
  for (const n of numbers) await boss.send(queue, { n }, options(n));
}
const show = (name, seen) => {
  const complete = seen.toSorted((a, b) => a - b).join() === numbers.join();
  console.log(`${name}: ${complete ? "all 20" : "not all"}, ${seen.join() === numbers.join() ? "in their order" : "in another order"}`);
};
const none = () => ({}), urgent = (n) => ({ priority: 20 - n });

for (const [name, options] of [["sent one after another", none], ["falling priority      ", urgent]]) {
  await filled(`single-${options.name}`, options);
  const single = [];
  for (const _ of numbers) single.push((await boss.fetch(`single-${options.name}`))[0].data.n);
  show(`${name}, fetch() one by one `, single);

  await filled(`batch-${options.name}`, options);
  show(`${name}, fetch() a batch    `, (await boss.fetch(`batch-${options.name}`, { batchSize: 20 })).map(({ data }) => data.n));
}
await filled("work", none);
const batch = await new Promise((resolve) => boss.work("work", { batchSize: 20 }, async (jobs) => resolve(jobs)));
show("sent one after another, work() with a batch", batch.map(({ data }) => data.n));
Deno.exit();
CODE

cat >expected <<'TEXT'
sent one after another, fetch() one by one : all 20, in their order
sent one after another, fetch() a batch    : all 20, in another order
falling priority      , fetch() one by one : all 20, in their order
falling priority      , fetch() a batch    : all 20, in another order
sent one after another, work() with a batch: all 20, in another order
TEXT

deno run --quiet --no-lock -A probe.mjs "$folder" | tee seen
diff expected seen
