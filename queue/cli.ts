/**
 * Looks into the queues of jobs on NATS, and steps in:
 *
 * ```sh
 * deno run -A jsr:@asyncio/asyncio/queue/cli --servers 127.0.0.1:4222 ls
 * deno run -A jsr:@asyncio/asyncio/queue/cli --servers 127.0.0.1:4222 counts mails
 * ```
 *
 * | command | what it does |
 * | --- | --- |
 * | `ls` | the queues on the servers, with their counts |
 * | `ls NAME [STATE]` | the jobs of a queue, of all states or one |
 * | `counts NAME` | how many jobs are in each state |
 * | `show NAME ID` | all that is known of a job |
 * | `retry NAME ID...` | puts dead letters back into the queue; `--all` for all of them |
 * | `remove NAME ID...` | takes jobs out that do not run; `--dead` for all dead letters |
 * | `cancel NAME ID...` | takes jobs out, also those that run |
 * | `pause NAME`, `resume NAME` | holds the queue, for all workers |
 * | `web NAME` | serves a page that shows and does the same |
 *
 * | option | meaning |
 * | --- | --- |
 * | `--servers A,B` | the servers; the variable `NATS_URL`, or `127.0.0.1:4222` by default |
 * | `--user`, `--password`, `--token`, `--creds FILE`, `--tls` | how to log in |
 * | `--json` | prints JSON, for programs; the ids of jobs as `done` and `failed` |
 * | `--limit N` | how many jobs `ls` prints of each state; 100 by default |
 * | `--port N`, `--hostname H` | where `web` listens; a free port of 127.0.0.1 by default |
 *
 * The page of `web` is served only at the address that is printed, which has a
 * secret in it.
 *
 * The program needs the permissions to reach the servers, and to read the file of
 * `--creds` and the variable; `web` needs to listen. The exit code is 0, 1 if
 * something was not there or failed, or 2 if the command line is wrong.
 *
 * @module
 */
import { run } from "../tasks/mod.ts";
import { main } from "./cli/main.ts";

if (import.meta.main) {
  await run(async () => {
    Deno.exitCode = await main(Deno.args);
  });
}
