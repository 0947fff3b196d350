/** Runs programs to their end, each reading what the one before it writes. @module */
import { isCancelled } from "../tasks/kernel/errors.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { Capture } from "./_capture.ts";
import type { Child } from "./_child.ts";
import { pump } from "./_pump.ts";
import type { RunPlan } from "./_run_plan.ts";
import { startChild } from "./_start.ts";
import { CompletedProcess } from "./completed_process.ts";
import { TimeoutExpiredError } from "./errors.ts";
import type { CapturedData } from "./pipes/captured.ts";
import { OutputTargets } from "./pipes/output_targets.ts";
import { watchdogLaunch } from "./signals/watchdog.ts";
import type { Program } from "./spawn/program.ts";
import type { SpawnSettings } from "./spawn/settings.ts";
import { DEVNULL, PIPE } from "./stdio.ts";

/**
 * How much a program may write that is not captured any more, until its pipes
 * are closed, in bytes: far more than was in them when it was asked to end, and
 * than it prints while it cleans up.
 */
const MAX_DROPPED_BYTES = 2 ** 20;

/** One program, and how it was given. */
export interface Stage {
  readonly command: string | readonly string[];
  readonly program: Program;
}

/** What is run: for errors, as it is shown. */
export interface CommandLine {
  readonly cmd: string | readonly string[];
  readonly stages: readonly Stage[];
}

/**
 * Whatever ends it, all programs have ended when it settles.
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
    await ending;
    await endAll(children);
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

/** What was started. */
interface Started {
  readonly children: Child[];
  readonly captures: Capture[];
}

/** Streams and files that several of them write to are opened once. */
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
    if (!isLast) await ready(undefined); // a start takes time: others go on
  }
}

const READS_PIPE = { stdin: PIPE, stdinFile: undefined } as const;

const NOT_CAPTURED = {
  stdout: { stdio: DEVNULL, isRead: false, targets: [] },
} as const satisfies Partial<SpawnSettings>;

const WRITES_PIPE = {
  stdout: { stdio: PIPE, isRead: true, targets: [] },
} as const satisfies Partial<SpawnSettings>;

/** Calls `moved` when bytes have come out of a process, or gone into it. */
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
  // A cancel that is due ends one wait: it has to come before all of them.
  const rejection = checkpointIfCancelled({ signal });
  if (rejection !== undefined) return await rejection;
  const outcomes = await Promise.allSettled(
    children.map((child) => child.wait({ signal })),
  );
  const errors = outcomes.flatMap((it) =>
    it.status === "rejected" ? [it.reason] : []
  );
  if (errors.length > 0) throw errors.find(isCancelled) ?? errors[0];
  const results = captures.map((capture) => capture.result());
  return results.map((result, at) => {
    const returnCode = children[at]!.exit.returnCode!;
    return new CompletedProcess(stages[at]!.command, returnCode, result);
  });
}

/** Ends them, and reads what they write until then. */
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
