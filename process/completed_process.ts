/** @module */
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { CalledProcessError } from "./errors.ts";

/**
 * A program that has ended. Made by {@linkcode runSubprocess}. Mirrors
 * `subprocess.CompletedProcess`.
 *
 * @typeParam T What its output is given as: text, or bytes.
 *
 * @example
 * ```ts
 * import { runSubprocess } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * const { returnCode, stdout } = await runSubprocess(["echo", "hello"], {
 *   captureOutput: true,
 * });
 * assertEquals([returnCode, stdout], [0, "hello\n"]);
 * ```
 */
export class CompletedProcess<T extends string | Uint8Array = string> {
  /** What was run, as it was given. */
  readonly args: string | readonly string[];
  /** What it ended with: its exit code; -N where signal N ended it. */
  readonly returnCode: number;
  /** Its output; `undefined` where it was not captured. */
  readonly stdout: T | undefined;
  /** Its messages; `undefined` where they were not captured. */
  readonly stderr: T | undefined;

  /** Made by {@linkcode runSubprocess}. */
  constructor(
    args: string | readonly string[],
    returnCode: number,
    output: { stdout?: T; stderr?: T } = {},
  ) {
    this.args = args;
    this.returnCode = returnCode;
    this.stdout = output.stdout;
    this.stderr = output.stderr;
  }

  /**
   * Throws unless it ended with 0. Mirrors
   * `subprocess.CompletedProcess.check_returncode`.
   *
   * @throws {CalledProcessError} It ended with another code, or by a signal.
   */
  checkReturnCode(): void {
    const { args, returnCode, stdout, stderr } = this;
    if (returnCode === 0) return;
    throw new CalledProcessError(args, returnCode, { stdout, stderr });
  }

  static {
    printable(
      CompletedProcess,
      ({ args, returnCode, stdout, stderr }) => ({
        args,
        returnCode,
        stdout,
        stderr,
      }),
    );
  }
}
