/** @module */
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { CalledProcessError } from "./errors.ts";

/**
 * A program that has ended. Made by {@linkcode runSubprocess}. Mirrors
 * `subprocess.CompletedProcess`.
 *
 * @typeParam T The type of the output: text, bytes, or lines.
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
export class CompletedProcess<
  T extends string | Uint8Array | string[] = string,
> {
  /** The command. */
  readonly args: string | readonly string[];
  /** The exit code; -N if signal N ended the program. */
  readonly returnCode: number;
  /** The output; `undefined` if it was not captured. */
  readonly stdout: T | undefined;
  /** The messages; `undefined` if they were not captured. */
  readonly stderr: T | undefined;
  /**
   * Both, in order of arrival; `undefined` without `all`. As execa's
   * `result.all`.
   */
  readonly all: T | undefined;

  /** Made by {@linkcode runSubprocess}. */
  constructor(
    args: string | readonly string[],
    returnCode: number,
    output?: {
      stdout?: T | undefined;
      stderr?: T | undefined;
      all?: T | undefined;
    },
  ) {
    this.args = args;
    this.returnCode = returnCode;
    this.stdout = output?.stdout;
    this.stderr = output?.stderr;
    this.all = output?.all;
  }

  /**
   * Throws unless the program ended with 0. Mirrors
   * `subprocess.CompletedProcess.check_returncode`.
   *
   * @throws {CalledProcessError} The program ended with another code, or by a
   * signal.
   */
  checkReturnCode(): void {
    const { args, returnCode, stdout, stderr, all } = this;
    if (returnCode === 0) return;
    throw new CalledProcessError(args, returnCode, { stdout, stderr, all });
  }

  static {
    printable(
      CompletedProcess,
      ({ args, returnCode, stdout, stderr, all }) => ({
        args,
        returnCode,
        stdout,
        stderr,
        ...(all !== undefined && { all }),
      }),
    );
  }
}
