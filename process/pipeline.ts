/** @module */
import { describe } from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../tasks/kernel/wait/handed_wait.ts";
import { type RunPlan, runPlan } from "./_run_plan.ts";
import { type CommandLine, runToEnd } from "./_run_to_end.ts";
import { programOf } from "./_start.ts";
import { CompletedPipeline } from "./completed_pipeline.ts";
import type { CapturedData } from "./pipes/captured.ts";
import type { RunSubprocessOptions } from "./run_options.ts";

/** Programs, each with its arguments. */
type Commands = readonly (readonly [string, ...string[]])[];

/**
 * Runs programs side by side, each reading what the one before it writes, to
 * their end: `a | b | c` without a shell, and so without its quotes.
 *
 * The options are those of {@linkcode runSubprocess}: `stdin` and `input` are
 * for the first, `stdout` for the last, all others for each of them.
 *
 * - Bytes flow no faster than they are read: however much it is, memory stays
 *   bounded.
 * - Every one has a return code. With `check`, the first that failed is thrown.
 * - When one end goes, all of it ends: after the end of a program the next one
 *   reads to the end; the one before it can write no more, and is ended where
 *   it has not ended after `killAfter` milliseconds.
 * - A timeout, a cancel or the signal ends all of them, with all that is in their
 *   groups.
 *
 * **Cancel safety:** a cancel ends all programs, waits for that, and only then
 * is thrown.
 *
 * @throws {CalledProcessError} With `check`: one ended with another code than
 * 0, or by a signal. One that wrote to a program that had read enough, and was
 * ended by SIGPIPE, has not failed.
 * @throws {TimeoutExpiredError} The time was up.
 * @throws {Deno.errors.NotFound} There is no such program or directory; the
 * message names it. What was started before is ended.
 * @throws {TypeError} There is no program, or an option is none of those
 * allowed.
 *
 * @example
 * ```ts
 * import { pipeline } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * const { stdout, returnCodes } = await pipeline(
 *   [["sort"], ["uniq", "-c"], ["sort", "-rn"], ["head", "-n", "1"]],
 *   { input: "pear\napple\npear\n", captureOutput: true },
 * );
 * assertEquals(stdout?.trim(), "2 pear");
 * assertEquals(returnCodes, [0, 0, 0, 0]);
 * ```
 */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options: RunSubprocessOptions & { encoding: "buffer" },
): Promise<CompletedPipeline<Uint8Array>>;
/** Runs programs, and gives their output as lines. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options: RunSubprocessOptions & { lines: true },
): Promise<CompletedPipeline<string[]>>;
/** Runs programs, and gives their output as text. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options?: RunSubprocessOptions & {
    encoding?: "utf-8" | undefined;
    lines?: false | undefined;
  },
): Promise<CompletedPipeline<string>>;
/** Runs programs, and gives their output as `encoding` and `lines` say. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options?: RunSubprocessOptions,
): Promise<CompletedPipeline<string | Uint8Array | string[]>>;
export function pipeline(
  commands: Commands,
  options: RunSubprocessOptions = {},
): Promise<CompletedPipeline<string | Uint8Array | string[]>> {
  try {
    checkCommands(commands);
    const line = lineOf(commands);
    const plan = runPlan(options);
    return checkpointIfCancelled(options) ??
      composite(() => runChecked(line, plan));
  } catch (error) {
    return Promise.reject(error);
  }
}

async function runChecked(
  line: CommandLine,
  plan: RunPlan,
): Promise<CompletedPipeline<CapturedData>> {
  const completed = new CompletedPipeline(await runToEnd(line, plan));
  if (plan.check) completed.checkReturnCodes();
  return completed;
}

/** A copy: changing the list while they run changes nothing. */
function lineOf(commands: Commands): CommandLine {
  const stages = commands.map(([program, ...args]) => ({
    command: [program, ...args],
    program: programOf(program, args),
  }));
  const cmd = stages.map(({ command }) => command.join(" ")).join(" | ");
  return { cmd, stages };
}

function checkCommands(commands: unknown): void {
  const isCommand = (value: unknown) =>
    Array.isArray(value) && value.length > 0;
  if (isCommand(commands) && (commands as unknown[]).every(isCommand)) return;
  throw new TypeError(
    `Cannot run a pipeline: expected a list of programs, each a list with its arguments, received ${
      describe(commands)
    }`,
  );
}
