/** How programs are run to their end: for one and for a pipeline. @module */
import type { WaitOptions } from "../tasks/kernel/types.ts";
import type { TimeLimits } from "./_limits.ts";
import type { SubprocessOptions } from "./options.ts";
import type { InputSource } from "./stdio.ts";

/** How a program is run to its end. */
export interface RunSubprocessOptions
  extends SubprocessOptions, WaitOptions, TimeLimits {
  /**
   * What it reads; `stdin` is then a pipe. Bytes are copied; a stream or an
   * iterable is read as `stdin` is.
   */
  input?:
    | string
    | Uint8Array
    | Exclude<InputSource, { file: unknown }>
    | Iterable<Uint8Array | string>
    | undefined;
  /** Whether `stdout` and `stderr` are captured, unless they are given. */
  captureOutput?: boolean | undefined;
  /**
   * Whether both are captured together as well, in order of arrival: as
   * {@linkcode CompletedProcess.all}. Only `stderr: STDOUT` keeps the order in
   * which they were written.
   */
  all?: boolean | undefined;
  /**
   * How many bytes of each output are captured at most: 67108864 (64 MiB)
   * unless given. A program that writes more is ended; `Infinity` is no limit.
   */
  maxBuffer?: number | undefined;
  /** Whether an end with another code than 0 is thrown. */
  check?: boolean | undefined;
  /**
   * How its output is given: as text (`"utf-8"`, unless given), or as bytes
   * (`"buffer"`).
   */
  encoding?: "utf-8" | "buffer" | undefined;
  /**
   * Whether its output is given as lines, without their `"\n"` or `"\r\n"`;
   * false unless given.
   */
  lines?: boolean | undefined;
}
