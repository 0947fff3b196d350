/** Running programs to their end. @module */
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { Capture } from "./_capture.ts";
import type { Child } from "./_child.ts";
import { pump } from "./_pump.ts";
import type { RunPlan } from "./_run_plan.ts";
import { startChild } from "./_start_child.ts";
import { CompletedProcess } from "./completed_process.ts";
import { TimeoutExpiredError } from "./errors.ts";
import type { CapturedData } from "./pipes/captured.ts";
import { OutputTargets } from "./pipes/output_targets.ts";
import { throwFailure } from "./pipes/throw_failure.ts";
import { watchdogLaunch } from "./signals/watchdog.ts";
import type { Program } from "./spawn/program.ts";
import type { SpawnSettings } from "./spawn/settings.ts";
import { DEVNULL, PIPE } from "./stdio.ts";

/**
 * How many bytes beyond the limit of a capture are read before the pipes are
 * closed. A program that is ended writes less: the rest of the pipe, and some lines
 * while it cleans up.
 */
const MAX_DROPPED_BYTES = 2 ** 20;

/** One program, and the command of the user. */
export interface Stage {
  readonly command: string | readonly string[];
  readonly program: Program;
}

/** What is run. */
export interface CommandLine {
  /** The command in errors. */
  readonly cmd: string | readonly string[];
  readonly stages: readonly Stage[];
}

/**
 * Runs programs, each of which reads what the one before it writes. All have ended
 * when the promise settles.
 *
 * @throws {TimeoutExpiredError} The time was up.
 * @throws {OutputLimitError} A program wrote more than is captured.
 */
export async function runToEnd(
  line: CommandLine,
  plan: RunPlan,
): Promise<CompletedProcess<CapturedData>[]> {
  const atOnce = plan.limits.expiredAtOnce;
  if (atOnce !== undefined) {
    throw new TimeoutExpiredError(line.cmd, atOnce.timeout, atOnce);
  }
  const children: Child[] = [];
  const captures: Capture[] = [];
  let ending: Promise<unknown> | undefined;
  let dropped = 0;
  const exceeded = (bytes: number) => {
    ending ??= endAll(children).catch(() => {});
    dropped += bytes;
    if (dropped > MAX_DROPPED_BYTES) closePipes(children);
  };
  try {
    return await plan.limits.run(async (moved) => {
      await startAll(line, plan, { children, captures, moved, exceeded });
      connect(children, plan.settings.killAfter);
      return await complete(line, plan, { children, captures });
    });
  } catch (error) {
    await endAll(children); // first: no cancel ends that wait, nor is it reported
    await ending;
    await watchdogLaunch();
    const expiry = plan.limits.expiry(error);
    if (expiry === undefined) throw error;
    const { timeout, idle } = expiry;
    const output = captures.at(-1)?.soFar() ?? {};
    throw new TimeoutExpiredError(line.cmd, timeout, { ...output, idle }, {
      cause: error,
    });
  }
}

/** The programs that were started, and the captures of their output. */
interface Started {
  readonly children: Child[];
  readonly captures: Capture[];
}

/** Starts all programs. A target of several programs is opened once. */
async function startAll(
  { stages }: CommandLine,
  plan: RunPlan,
  { children, captures, moved, exceeded }: Started & {
    moved: () => void;
    exceeded: (bytes: number) => void;
  },
): Promise<void> {
  using targets = new OutputTargets();
  for (const [at, { command, program }] of stages.entries()) {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) await rejection;
    const isLast = at === stages.length - 1;
    const capture = new Capture(command, plan, exceeded);
    const settings: SpawnSettings = {
      ...capture.applyTo({ ...plan.settings, ...(!isLast && NOT_CAPTURED) }),
      ...(at > 0 && READS_PIPE),
      ...(!isLast && WRITES_PIPE),
    };
    const child = startChild(program, settings, targets);
    children.push(child);
    captures.push(capture);
    watchPipes(child, moved);
    if (!isLast) await ready(undefined); // lets other tasks go on between starts
  }
}

const READS_PIPE = { stdin: PIPE, stdinFile: undefined } as const;

const NOT_CAPTURED = {
  stdout: { stdio: DEVNULL, isRead: false, targets: [] },
} as const satisfies Partial<SpawnSettings>;

const WRITES_PIPE = {
  stdout: { stdio: PIPE, isRead: true, targets: [] },
} as const satisfies Partial<SpawnSettings>;

/** Calls `moved` when bytes were read from a process, or written to it. */
function watchPipes({ pipes }: Child, moved: () => void): void {
  pipes.onBytes = pipes.onFed = moved;
}

function connect(children: readonly Child[], killAfter: number): void {
  for (const [at, child] of children.entries()) {
    if (at > 0) pump(children[at - 1]!, child, killAfter);
  }
}

async function complete(
  { stages }: CommandLine,
  { signal }: RunPlan,
  { children, captures }: Started,
): Promise<CompletedProcess<CapturedData>[]> {
  // A pending cancel ends only one wait: it is delivered before all of them.
  const rejection = checkpointIfCancelled({ signal });
  if (rejection !== undefined) return await rejection;
  const outcomes = await Promise.allSettled(
    children.map((child) => child.wait({ signal })),
  );
  throwFailure(outcomes);
  const results = captures.map((capture) => capture.result());
  return results.map((result, at) => {
    const returnCode = children[at]!.exit.returnCode!;
    return new CompletedProcess(stages[at]!.command, returnCode, result);
  });
}

/** Ends all programs, and reads what they write until then. */
async function endAll(children: readonly Child[]): Promise<void> {
  await Promise.all(children.map((it) => it.end()));
  await disposeAll(children);
}

function closePipes(children: readonly Child[]): void {
  for (const { pipes } of children) pipes.close();
}

async function disposeAll(children: readonly Child[]): Promise<void> {
  await Promise.all(children.map((it) => it.dispose()));
}
