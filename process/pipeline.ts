/** @module */
import { describe } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ignoreCancelRejection,
} from "../tasks/kernel/wait/checkpoint.ts";
import { Communication } from "./pipes/communicate.ts";
import { join } from "./_pump.ts";
import { Limits } from "./_limits.ts";
import { CompletedPipeline } from "./completed_pipeline.ts";
import { CompletedProcess } from "./completed_process.ts";
import { createSubprocessExec } from "./create_subprocess.ts";
import { TimeoutExpiredError } from "./errors.ts";
import { spawnSettings, type SubprocessOptions } from "./options.ts";
import { partsOf, type Process } from "./process.ts";
import {
  decoded,
  type RunSubprocessOptions,
  watchBytes,
  withPipes,
} from "./run_options.ts";
import { PIPE } from "./stdio.ts";

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
 * - A timeout, a cancel or the signal ends all of them, with everybody in their
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
/** Runs programs, and gives their output as text. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options?: RunSubprocessOptions & { encoding?: "utf-8" | undefined },
): Promise<CompletedPipeline<string>>;
/** Runs programs, and gives their output as `encoding` says. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options?: RunSubprocessOptions,
): Promise<CompletedPipeline<string | Uint8Array>>;
export function pipeline(
  commands: Commands,
  options: RunSubprocessOptions = {},
): Promise<CompletedPipeline<string | Uint8Array>> {
  try {
    checkCommands(commands);
    const limits = new Limits(options);
    const plumbed = withPipes(options);
    return checkpointIfCancelled(options) ??
      ignoreCancelRejection(runChecked(commands, plumbed, limits));
  } catch (error) {
    return Promise.reject(error);
  }
}

async function runChecked(
  commands: Commands,
  options: RunSubprocessOptions,
  limits: Limits,
): Promise<CompletedPipeline<string | Uint8Array>> {
  const completed = await runToEnd(commands, options, limits);
  if (options.check) completed.checkReturnCodes();
  return completed;
}

async function runToEnd(
  commands: Commands,
  options: RunSubprocessOptions,
  limits: Limits,
): Promise<CompletedPipeline<string | Uint8Array>> {
  const processes: Process[] = [];
  const ends: Communication[] = [];
  try {
    return await limits.run(async (moved) => {
      for (const command of commands) {
        processes.push(
          await start(command, processes.length, commands, options),
        );
      }
      for (const process of processes) watchBytes(process, moved);
      connect(processes, options);
      ends.push(
        ...processes.map((process, at) => endsOf(process, at, processes)),
      );
      for (const end of ends) end.onFed = moved;
      return await complete(processes, ends, commands, options);
    });
  } catch (error) {
    await Promise.all(processes.map((it) => it[Symbol.asyncDispose]()));
    const expiry = limits.expiry(error);
    if (expiry === undefined) throw error;
    const line = commands.map((command) => command.join(" ")).join(" | ");
    const output = ends.length > 0 ? ends.at(-1)!.take() : {};
    throw new TimeoutExpiredError(line, expiry.timeout, {
      ...decoded(output, options),
      idle: expiry.idle,
    }, { cause: error });
  }
}

function start(
  [program, ...args]: readonly [string, ...string[]],
  at: number,
  { length }: Commands,
  options: RunSubprocessOptions,
): Promise<Process> {
  const settings: SubprocessOptions = {
    ...options,
    group: options.group ?? spawnSettings(options).group, // one for all: a terminal is for all of them
    stdin: at === 0 ? options.stdin : PIPE,
    stdout: at === length - 1 ? options.stdout : PIPE,
  };
  return createSubprocessExec(program, args, settings);
}

function connect(processes: Process[], options: RunSubprocessOptions): void {
  const { killAfter } = spawnSettings(options);
  processes.forEach((process, at) => {
    if (at > 0) join(processes[at - 1]!, process, killAfter);
  });
}

/** What of a program is not joined to another one. */
function endsOf(
  process: Process,
  at: number,
  { length }: Process[],
): Communication {
  return new Communication(partsOf(process).exit, {
    stdin: at === 0 ? process.stdin : undefined,
    stdout: at === length - 1 ? process.stdout : undefined,
    stderr: process.stderr,
  });
}

async function complete(
  processes: Process[],
  ends: Communication[],
  commands: Commands,
  options: RunSubprocessOptions,
): Promise<CompletedPipeline<string | Uint8Array>> {
  const { input, signal } = options;
  // A cancel ends one wait: if one of several waits may be refused, then
  // before all of them.
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return await rejection;
  const outcomes = await Promise.allSettled(
    ends.map((end, at) => end.run(at === 0 ? input : undefined, { signal })),
  );
  const completed = outcomes.map((outcome, at) => {
    if (outcome.status === "rejected") throw outcome.reason;
    const code = processes[at]!.returnCode!;
    const output = decoded(outcome.value, options);
    return new CompletedProcess(commands[at]!, code, output);
  });
  return new CompletedPipeline(completed);
}

function checkCommands(commands: unknown): void {
  const isCommand = (value: unknown) =>
    Array.isArray(value) && value.length > 0;
  if (isCommand(commands) && (commands as unknown[]).every(isCommand)) return;
  throw new TypeError(
    `expected a list of programs, each a list with its arguments, found ${
      describe(commands)
    }`,
  );
}
