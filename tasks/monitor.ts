/**
 * Looks into a running program, and steps in. Mirrors `python -m asyncio ps` and
 * `pstree`.
 *
 * The program has to let this happen: with `ASYNCIO_MONITOR=1` in its
 * environment, or with `run(main, { monitor: true })`.
 *
 * ```sh
 * deno run -A jsr:@asyncio/asyncio/monitor ps 4711
 * deno run -A jsr:@asyncio/asyncio/monitor web 4711
 * ```
 *
 * | command | what it does |
 * | --- | --- |
 * | `ps PID` | the tasks, what each waits for, for how long, and which tasks wait for it |
 * | `tree PID` | the tasks, groups and timeouts, each below what it is in; rings of tasks that wait for each other |
 * | `top PID` | each second: the tasks that have waited longest, their steps, how late the loop is, the locks and queues with most waiters |
 * | `cancel PID TASK` | cancels a task, by its number or its name |
 * | `repl PID` | runs what you type in the program: `tasks`, `cancel(task)`, `await asyncio.sleep(100)` |
 * | `web PID` | serves a page that shows all this: the live tree, the last seconds of each task, rings in red |
 *
 * | option | meaning |
 * | --- | --- |
 * | `--json` | prints JSON, for programs |
 * | `--interval MS`, `--count N`, `--limit N` | how often `top` prints, how many times, and how many tasks |
 * | `--port N`, `--hostname H` | where `web` listens; a free port of 127.0.0.1 by default |
 *
 * The program listens on a Unix socket in `$XDG_RUNTIME_DIR/asyncio`, or else in
 * a folder of the temporary folder, which only its user can open. A thread of its
 * own answers: if the loop is busy, it says for how long, and in debug mode where.
 * The page of `web` answers only to those who know the address that is printed:
 * there is a secret in it.
 *
 * The program needs no more than to be allowed to read and write that folder, to
 * listen on the socket (`--allow-net`), to know who the user is
 * (`--allow-sys=uid`), and to read the variables; it never asks. The exit code of
 * this program is 0, 1 if something was not there or failed, or 2 if the command
 * line makes no sense.
 *
 * @module
 */
import { main } from "./monitor/client/main.ts";
import { run } from "./run/runner.ts";

if (import.meta.main) {
  await run(async () => {
    Deno.exitCode = await main(Deno.args);
  }, { monitor: false });
}
