/** The commands of the monitor. @module */
import { safe, safeLines } from "../../kernel/watch/safe_text.ts";
import { serveWeb } from "../web/serve_web.ts";
import { type CommandLine, commandLine } from "./command_line.ts";
import { UsageError } from "../../kernel/cli/arguments.ts";
import { cancel } from "./cancel.ts";
import { Connection, MonitorError } from "./connection.ts";
import { OutputClosed, print } from "./output.ts";
import { ps } from "./ps.ts";
import { repl } from "./repl.ts";
import { top } from "./top.ts";
import { tree } from "./tree_command.ts";

const USAGE = `usage: monitor [--json] COMMAND PID

  ps PID             the tasks, and what each waits for
  tree PID           the tasks, groups and timeouts, each below what it is in
  top PID            what happens, again and again
  cancel PID TASK    cancels a task, by its number or its name
  repl PID           runs what you type in the program
  web PID            serves a page that shows all this

  --interval MS (1000), --count N, --limit N    for top: how often, how many times, how many tasks
  --port N (a free one), --hostname H (127.0.0.1)    where web listens

The program has to run with ASYNCIO_MONITOR=1, or with run(main, { monitor: true }).`;

/** A command on one program; returns the exit code. */
type Command = (program: Connection, line: CommandLine) => Promise<number>;

const COMMANDS: Record<string, Command> = {
  ps,
  tree,
  top,
  cancel,
  repl,
  web: serveWeb,
};

/** Carries a command line out; returns the exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    return await carryOut(commandLine(args));
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    if (error instanceof UsageError) {
      console.error(`${safe(error.message)}\n\n${USAGE}`);
      return 2;
    }
    if (!(error instanceof MonitorError)) throw error;
    console.error(safeLines(error.message));
    return 1;
  }
}

async function carryOut(line: CommandLine): Promise<number> {
  const { command, pid } = line;
  if (command === "help") {
    print(USAGE);
    return 0;
  }
  const act = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (act === undefined) {
    throw new UsageError(`there is no command ${command}`);
  }
  if (pid === "") {
    const programs = await Connection.list();
    const hint = programs.length === 0
      ? "none can be looked into"
      : `these can be looked into:\n${programs.join("\n")}`;
    throw new MonitorError(`${command} needs the id of a process; ${hint}`);
  }
  await using program = await Connection.open(pid);
  return await act(program, line);
}
