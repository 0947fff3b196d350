/** @module */
import { safe } from "../../kernel/watch/safe_text.ts";
import type { NamedTask } from "../protocol.ts";
import type { CommandLine } from "./command_line.ts";
import { UsageError } from "../../kernel/cli/arguments.ts";
import type { Connection } from "./connection.ts";
import { print, printJson } from "./output.ts";

/** Cancels a task. */
export async function cancel(
  program: Connection,
  { rest: [task, ...more], json }: CommandLine,
): Promise<number> {
  if (task === undefined || more.length > 0) {
    throw new UsageError("cancel needs the number or the name of one task");
  }
  const done = await program.request<NamedTask>({ op: "cancel", task });
  if (json) printJson(done);
  else print(`cancelled task ${done.id} "${safe(done.name)}"`);
  return 0;
}
