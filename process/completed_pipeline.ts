/** @module */
import { printable } from "../tasks/kernel/watch/inspect.ts";
import type { CompletedProcess } from "./completed_process.ts";

/** SIGPIPE: the reader has gone. */
const BROKEN_PIPE = -13;

/**
 * The programs of a pipeline, which have ended. Made by {@linkcode pipeline}.
 *
 * @typeParam T The type of the output: text, bytes, or lines.
 *
 * @example
 * ```ts
 * import { pipeline } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * const done = await pipeline([["yes"], ["head", "-n", "1"]], {
 *   captureOutput: true,
 * });
 * assertEquals(done.stdout, "y\n");
 * assertEquals(done.returnCodes, [-13, 0]); // SIGPIPE: `head` had read enough
 * done.checkReturnCodes(); // which is no failure
 * ```
 */
export class CompletedPipeline<
  T extends string | Uint8Array | string[] = string,
> {
  /** The programs, in order. */
  readonly processes: readonly CompletedProcess<T>[];

  /** Made by {@linkcode pipeline}. */
  constructor(processes: readonly CompletedProcess<T>[]) {
    this.processes = processes;
  }

  /** The exit code of each program, in order; -N if signal N ended it. */
  get returnCodes(): number[] {
    return this.processes.map(({ returnCode }) => returnCode);
  }

  /** The exit code of the last program, as in a shell. */
  get returnCode(): number {
    return this.#last.returnCode;
  }

  /** The output of the last program; `undefined` if it was not captured. */
  get stdout(): T | undefined {
    return this.#last.stdout;
  }

  /**
   * Throws the error of the first program that failed. A program that was ended by
   * SIGPIPE, as the next one had read enough, has not failed.
   *
   * @throws {CalledProcessError} A program ended with another code than 0, or by a
   * signal.
   */
  checkReturnCodes(): void {
    for (const process of this.processes) {
      const readEnough = process.returnCode === BROKEN_PIPE &&
        process !== this.#last;
      if (!readEnough) process.checkReturnCode();
    }
  }

  get #last(): CompletedProcess<T> {
    return this.processes.at(-1)!;
  }

  static {
    printable(CompletedPipeline, ({ processes }) => ({ processes }));
  }
}
