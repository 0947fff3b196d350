/**
 * A program that shows the tasks of another program while that runs, cancels
 * them, and runs code in it. Mirrors `python -m asyncio ps` and `pstree`.
 *
 * The other program has to allow it, with `ASYNCIO_MONITOR=1` in its
 * environment, or with an option of `run`:
 *
 * ```ts
 * import { run, sleep } from "@asyncio/asyncio/tasks";
 *
 * await run(() => sleep(100), { monitor: true });
 * ```
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
 * | `top PID` | each second: the tasks that have waited longest, their steps, how late the loop is, the queues with most waiters |
 * | `cancel PID TASK` | cancels a task, by its number or its name |
 * | `repl PID` | runs what you type in the program: `tasks`, `cancel(task)`, `await asyncio.sleep(100)`; `asyncio` has the names of `@asyncio/asyncio/tasks` |
 * | `web PID` | serves a page that shows all this: the live tree, the last seconds of each task, rings in red |
 *
 * | option | meaning |
 * | --- | --- |
 * | `--json` | prints JSON, for programs |
 * | `--interval MS`, `--count N`, `--limit N` | how often `top` prints, how many times, and how many tasks |
 * | `--port N`, `--hostname H` | where `web` listens; a free port of 127.0.0.1 by default |
 *
 * A command without a process id lists the programs that can be looked into.
 * The exit code is 0; 1 if something was not there or failed; or 2 if the
 * command line is wrong. On a terminal there are colours, unless `NO_COLOR` is
 * set.
 *
 * A task is `waiting`, `new` (it has not started), or `foreign`: it awaits
 * something that is not of this package, or is about to resume. In debug mode
 * `tree` and the page also show the lines of your code.
 *
 * **In the program** nothing listens on the network. There is a Unix socket in
 * `$XDG_RUNTIME_DIR/asyncio`, or else in `asyncio-UID` in the temporary folder,
 * which only its user can open. A thread answers there. If the loop is busy,
 * the answer is for how long and, in debug mode, which task runs. A request
 * that is given up meanwhile is never carried out later. At most 20 000 tasks
 * are listed, in small pieces of work between which the program goes on.
 *
 * The program needs `--allow-sys=uid` and `--allow-net`, to read and write that
 * folder (and to make it, unless it is there), and `--allow-env` for
 * `ASYNCIO_MONITOR`, `XDG_RUNTIME_DIR` and `TMPDIR`. It never prompts for a
 * permission: if one is missing, that is reported to the exception handler, and
 * the run goes on.
 *
 * The page of `web` is served only at the address that is printed, which has a
 * secret in it.
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
