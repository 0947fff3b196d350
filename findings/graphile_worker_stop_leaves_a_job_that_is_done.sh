#!/usr/bin/env bash
# graphile-worker 0.18.0: a job that ends during stop() is done, and stays in
# the queue to be done again
#
# A good guess: stop() resolves when the jobs in progress are complete, and a
# complete job is no longer in the queue.
#
# What happens: It waits for the task, logs that it has succeeded, and ends the
# pool of connections before the job is removed. The row stays, locked by a
# worker that is gone, with one attempt counted: when the lock has become old
# enough (four hours) another worker does the job a second time. No error is
# logged. Every deployment that stops a busy worker does it.
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
  graphile-worker@0.18.0 pg@8.23.1

cat >probe.mjs <<'CODE'
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const connectionString = `postgres://postgres@localhost/postgres?host=${Deno.args[0]}`;
const client = new pg.Client({ connectionString });
await client.connect();
const logger = new Logger(() => (level, message) => {
  if (level === "error" || level === "warning") console.log(`${level}: ${message}`);
});
const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();
await client.query("create view jobs as select attempts, locked_by is not null as locked from graphile_worker._private_jobs");

async function show(name, wait) {
  const begun = Promise.withResolvers();
  let done = 0;
  async function task() {
    begun.resolve();
    await new Promise((resolve) => setTimeout(resolve, 300));
    done++;
  }
  const runner = await run({ connectionString, concurrency: 1, noHandleSignals: true, logger, taskList: { task } });
  await utils.addJob("task");
  await begun.promise;
  if (wait) while ((await client.query("select from jobs")).rowCount > 0);
  await runner.stop();
  const atOnce = (await client.query("select * from jobs")).rows;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const later = (await client.query("select * from jobs")).rows;
  console.log(`${name}: done ${done} times; left in the queue: ${JSON.stringify(atOnce)}, a second later: ${JSON.stringify(later)}`);
}
await show("stop() after the job ", true);
await show("stop() during the job", false);
await utils.release();
await client.end();
Deno.exit();
CODE

cat >expected <<'TEXT'
stop() after the job : done 1 times; left in the queue: [], a second later: []
stop() during the job: done 1 times; left in the queue: [{"attempts":1,"locked":true}], a second later: [{"attempts":1,"locked":true}]
TEXT

deno run --quiet --no-lock -A probe.mjs "$folder" | tee seen
diff expected seen
