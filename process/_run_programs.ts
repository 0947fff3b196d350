/** Runs programs to their end for `runSubprocess` and `pipeline`. @module */
import { describe } from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../tasks/kernel/wait/handed_wait.ts";
import { type RunPlan, runPlan } from "./_run_plan.ts";
import { type CommandLine, runToEnd, type Stage } from "./_run_to_end.ts";
import { programOf } from "./_start_child.ts";
import { CompletedPipeline } from "./completed_pipeline.ts";
import type { CompletedProcess } from "./completed_process.ts";
import type { CapturedData } from "./pipes/captured.ts";
import type { RunSubprocessOptions } from "./run_options.ts";
import { shellProgram } from "./spawn/program.ts";
import type { SpawnSettings } from "./spawn/settings.ts";
import { PIPE, STDOUT } from "./stdio.ts";

/** Programs, each with its arguments. */
type Commands = readonly (readonly [string, ...string[]])[];

/** Runs a program, or a command in the shell. */
export function runProgram(
  command: string | [string, ...string[]],
  options: RunSubprocessOptions = {},
): Promise<CompletedProcess<string | Uint8Array | string[]>> {
  try {
    checkCommand(command);
    const plan = runPlan(options);
    if (options.idleTimeout !== undefined) checkPipes(plan.settings);
    const stage = stageOf(command, plan.settings);
    return checkpointIfCancelled(options) ??
      composite(() => runOne(stage, plan));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Runs programs, each of which reads what the one before it writes. */
export function runPipeline(
  commands: Commands,
  options: RunSubprocessOptions = {},
): Promise<CompletedPipeline<string | Uint8Array | string[]>> {
  try {
    checkCommands(commands);
    const line = lineOf(commands);
    const plan = runPlan(options);
    return checkpointIfCancelled(options) ??
      composite(() => runAll(line, plan));
  } catch (error) {
    return Promise.reject(error);
  }
}

async function runOne(
  stage: Stage,
  plan: RunPlan,
): Promise<CompletedProcess<CapturedData>> {
  const line = { cmd: stage.command, stages: [stage] };
  const [completed] = await runToEnd(line, plan);
  if (plan.check) completed!.checkReturnCode();
  return completed!;
}

function stageOf(
  command: string | [string, ...string[]],
  settings: SpawnSettings,
): Stage {
  if (typeof command === "string") {
    return { command, program: shellProgram(command, settings) };
  }
  const [program, ...args] = command;
  return { command, program: programOf(program, args) };
}

function checkPipes({ stdin, stdout, stderr }: SpawnSettings): void {
  if (typeof stdin !== "string") return;
  if ([stdout, stderr].some((it) => it !== STDOUT && it.stdio === PIPE)) return;
  throw new TypeError(
    "Cannot run a program: idleTimeout watches its pipes, received none (captureOutput makes some)",
  );
}

function checkCommand(command: unknown): void {
  if (typeof command === "string") return;
  if (Array.isArray(command) && command.length > 0) return;
  throw new TypeError(
    `Cannot run a program: expected a command for the shell, or a list of a program and its arguments, received ${
      Array.isArray(command) ? "an empty list" : describe(command)
    }`,
  );
}

async function runAll(
  line: CommandLine,
  plan: RunPlan,
): Promise<CompletedPipeline<CapturedData>> {
  const completed = new CompletedPipeline(await runToEnd(line, plan));
  if (plan.check) completed.checkReturnCodes();
  return completed;
}

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
