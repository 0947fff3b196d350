/** The errors of programs that were run to their end. @module */
import { TimeoutError } from "../tasks/errors.ts";

/** What was run: a command for the shell, or a program and its arguments. */
export type Command = string | readonly string[];

/** What was captured of a stream; `undefined` where it was not captured. */
export type Captured = string | Uint8Array | undefined;

/** A program, or shell, ended with another code than 0, and `check` was asked for. Mirrors `subprocess.CalledProcessError`. */
export class CalledProcessError extends Error {
  /** `"CalledProcessError"` */
  override name = "CalledProcessError";
  /** What was run. */
  readonly cmd: Command;
  /** What it ended with; -N where signal N ended it. */
  readonly returnCode: number;
  /** Its output, where that was captured. */
  readonly stdout: Captured;
  /** Its messages, where they were captured. */
  readonly stderr: Captured;

  /** Made by {@linkcode CompletedProcess.checkReturnCode}. */
  constructor(
    cmd: Command,
    returnCode: number,
    output: { stdout?: Captured; stderr?: Captured } = {},
  ) {
    super(`${quoted(cmd)} ${endOf(returnCode)}${lastWords(output.stderr)}`);
    this.cmd = cmd;
    this.returnCode = returnCode;
    this.stdout = output.stdout;
    this.stderr = output.stderr;
  }
}

/** A program had to be ended, because its time was up, or because it had been idle too long. Mirrors `subprocess.TimeoutExpired`. */
export class TimeoutExpiredError extends TimeoutError {
  /** `"TimeoutExpiredError"` */
  override name = "TimeoutExpiredError";
  /** What was run. */
  readonly cmd: Command;
  /** The limit that was over, in milliseconds. */
  readonly timeout: number;
  /** Whether it is `idleTimeout` that was over: nothing had moved for so long. */
  readonly idle: boolean;
  /** Its output so far, where that was captured. */
  readonly stdout: Captured;
  /** Its messages so far, where they were captured. */
  readonly stderr: Captured;

  /** Made by {@linkcode runSubprocess} and {@linkcode pipeline}. */
  constructor(
    cmd: Command,
    timeout: number,
    output: { stdout?: Captured; stderr?: Captured; idle?: boolean } = {},
    options?: ErrorOptions,
  ) {
    const { stdout, stderr, idle = false } = output;
    const what = idle ? "was idle for" : "did not end within";
    super(`${quoted(cmd)} ${what} ${timeout} ms, and was ended`, options);
    this.cmd = cmd;
    this.timeout = timeout;
    this.idle = idle;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

function quoted(cmd: Command): string {
  return JSON.stringify(typeof cmd === "string" ? cmd : cmd.join(" "));
}

function endOf(returnCode: number): string {
  return returnCode < 0
    ? `was ended by signal ${-returnCode}`
    : `ended with code ${returnCode}`;
}

/** The last line of the messages: mostly, that is what was wrong. */
function lastWords(stderr: Captured): string {
  const text = typeof stderr === "string"
    ? stderr
    : new TextDecoder().decode(stderr);
  const line = text.trimEnd().split("\n").at(-1);
  return line ? `: ${line}` : "";
}
