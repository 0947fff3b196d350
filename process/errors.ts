/** The errors of programs that were run to their end. @module */
import { TimeoutError } from "../tasks/kernel/errors.ts";

/** Captured output; `undefined` if it was not captured. */
export interface CapturedOutput {
  /** The output. */
  stdout?: string | Uint8Array | string[] | undefined;
  /** The messages. */
  stderr?: string | Uint8Array | string[] | undefined;
  /** Both, in order of arrival. */
  all?: string | Uint8Array | string[] | undefined;
}

/**
 * A program, or shell, ended with another code than 0, and `check` was set.
 * Mirrors `subprocess.CalledProcessError`.
 *
 * @example
 * ```ts
 * import { CalledProcessError, runSubprocess } from "@asyncio/asyncio/process";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const error = await assertRejects(
 *   () =>
 *     runSubprocess("echo no such thing >&2; exit 2", {
 *       captureOutput: true,
 *       check: true,
 *     }),
 *   CalledProcessError,
 *   "ended with code 2: no such thing",
 * );
 * assertEquals(error.returnCode, 2);
 * assertEquals(error.stderr, "no such thing\n");
 * ```
 */
export class CalledProcessError extends Error {
  /** `"CalledProcessError"` */
  override name = "CalledProcessError";
  /** What was run. */
  readonly cmd: string | readonly string[];
  /** The exit code; -N if signal N ended the program. */
  readonly returnCode: number;
  /** Its output, if that was captured. */
  readonly stdout: string | Uint8Array | string[] | undefined;
  /** Its messages, if they were captured. */
  readonly stderr: string | Uint8Array | string[] | undefined;
  /** Both in order of arrival, with `all`. */
  readonly all: string | Uint8Array | string[] | undefined;

  /** Made by {@linkcode CompletedProcess.checkReturnCode}. */
  constructor(
    cmd: string | readonly string[],
    returnCode: number,
    output?: CapturedOutput,
  ) {
    super(`${quoted(cmd)} ${endOf(returnCode)}${lastWords(output?.stderr)}`);
    this.cmd = cmd;
    this.returnCode = returnCode;
    this.stdout = output?.stdout;
    this.stderr = output?.stderr;
    this.all = output?.all;
  }
}

/**
 * A program was ended because its time was up, or because it was idle too long.
 * Mirrors `subprocess.TimeoutExpired`.
 *
 * @example Stuck is different from long
 * ```ts
 * import { runSubprocess, TimeoutExpiredError } from "@asyncio/asyncio/process";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const error = await assertRejects(
 *   () =>
 *     runSubprocess("echo begun; sleep 1000", {
 *       captureOutput: true,
 *       timeout: 600_000, // it may take long,
 *       idleTimeout: 1000, // but not stand still
 *     }),
 *   TimeoutExpiredError,
 * );
 * assertEquals([error.idle, error.stdout], [true, "begun\n"]);
 * ```
 */
export class TimeoutExpiredError extends TimeoutError {
  /** `"TimeoutExpiredError"` */
  override name = "TimeoutExpiredError";
  /** What was run. */
  readonly cmd: string | readonly string[];
  /** The limit that has expired, in milliseconds. */
  readonly timeout: number;
  /**
   * Whether it was `idleTimeout`: nothing had moved through the pipes for that long.
   */
  readonly idle: boolean;
  /** Its output so far, if that was captured. */
  readonly stdout: string | Uint8Array | string[] | undefined;
  /** Its messages so far, if they were captured. */
  readonly stderr: string | Uint8Array | string[] | undefined;
  /** Both so far, in order of arrival, with `all`. */
  readonly all: string | Uint8Array | string[] | undefined;

  /** Made by {@linkcode runSubprocess} and {@linkcode pipeline}. */
  constructor(
    cmd: string | readonly string[],
    timeout: number,
    output?: CapturedOutput & { idle?: boolean },
    options?: ErrorOptions,
  ) {
    const { stdout, stderr, all, idle = false } = output ?? {};
    const what = idle ? "was idle for" : "did not end within";
    super(`${quoted(cmd)} ${what} ${timeout} ms, and was ended`, options);
    this.cmd = cmd;
    this.timeout = timeout;
    this.idle = idle;
    this.stdout = stdout;
    this.stderr = stderr;
    this.all = all;
  }
}

/**
 * A program wrote more than `maxBuffer` bytes, and was ended. As execa's
 * `maxBuffer`.
 *
 * @example
 * ```ts
 * import { OutputLimitError, runSubprocess } from "@asyncio/asyncio/process";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const error = await assertRejects(
 *   () => runSubprocess(["yes"], { captureOutput: true, maxBuffer: 6 }),
 *   OutputLimitError,
 * );
 * assertEquals([error.output, error.stdout], ["stdout", "y\ny\ny\n"]);
 * ```
 */
export class OutputLimitError extends Error {
  /** `"OutputLimitError"` */
  override name = "OutputLimitError";
  /** What was run. */
  readonly cmd: string | readonly string[];
  /** The limit, in bytes. */
  readonly maxBuffer: number;
  /** The output that exceeded the limit. */
  readonly output: "stdout" | "stderr";
  /** The first `maxBuffer` bytes of its output, if that was captured. */
  readonly stdout: string | Uint8Array | string[] | undefined;
  /** The first `maxBuffer` bytes of its messages, if they were captured. */
  readonly stderr: string | Uint8Array | string[] | undefined;
  /** Both in order of arrival, with `all`. */
  readonly all: string | Uint8Array | string[] | undefined;

  /** Made by {@linkcode runSubprocess} and {@linkcode pipeline}. */
  constructor(
    cmd: string | readonly string[],
    limit: { maxBuffer: number; output: "stdout" | "stderr" },
    captured?: CapturedOutput,
    options?: ErrorOptions,
  ) {
    super(
      `${
        quoted(cmd)
      } wrote more than ${limit.maxBuffer} bytes to its ${limit.output}: raise maxBuffer, or hand it on to a file or stream`,
      options,
    );
    this.cmd = cmd;
    this.maxBuffer = limit.maxBuffer;
    this.output = limit.output;
    this.stdout = captured?.stdout;
    this.stderr = captured?.stderr;
    this.all = captured?.all;
  }
}

function quoted(cmd: string | readonly string[]): string {
  return JSON.stringify(typeof cmd === "string" ? cmd : cmd.join(" "));
}

function endOf(returnCode: number): string {
  return returnCode < 0
    ? `was ended by signal ${-returnCode}`
    : `ended with code ${returnCode}`;
}

/** How many characters of the last line are in a message. */
const MAX_LAST_WORDS = 1000;

/** The last line of the messages, which mostly describes the failure. */
function lastWords(stderr: CapturedOutput["stderr"]): string {
  const text = endingOf(stderr).trimEnd();
  const line = text.slice(text.lastIndexOf("\n") + 1);
  if (line === "") return "";
  return line.length <= MAX_LAST_WORDS
    ? `: ${line}`
    : `: …${line.slice(-MAX_LAST_WORDS)}`;
}

/** Text that ends as the messages do: all of them may be too long for a string. */
function endingOf(stderr: CapturedOutput["stderr"]): string {
  if (stderr === undefined || typeof stderr === "string") return stderr ?? "";
  if (Array.isArray(stderr)) {
    return stderr.findLast((line) => line.trim() !== "") ?? "";
  }
  return new TextDecoder().decode(stderr.subarray(-4 * MAX_LAST_WORDS));
}
