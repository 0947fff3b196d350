/** The options of running programs to their end. @module */
import type { WaitOptions } from "../tasks/kernel/types.ts";
import type { TimeLimits } from "./_time_limits.ts";
import type { SubprocessOptions } from "./options.ts";
import type { InputSource } from "./stdio.ts";

/** The options of running programs to their end. */
export interface RunSubprocessOptions
  extends SubprocessOptions, WaitOptions, TimeLimits {
  /**
   * The input; `stdin` is a pipe then. Bytes are copied; a stream or an iterable is
   * read as for `stdin`.
   */
  input?:
    | string
    | Uint8Array
    | Exclude<InputSource, { file: unknown }>
    | Iterable<Uint8Array | string>
    | undefined;
  /** Whether `stdout` and `stderr` are captured, unless these options are given. */
  captureOutput?: boolean | undefined;
  /**
   * Whether both are also captured together, in order of arrival, as {@linkcode
   * CompletedProcess.all}. Only `stderr: STDOUT` keeps the order in which they were
   * written.
   */
  all?: boolean | undefined;
  /**
   * How many bytes of each output are captured at most: 67108864 (64 MiB) by
   * default. A program that writes more is ended; `Infinity` is no limit.
   */
  maxBuffer?: number | undefined;
  /** Whether an end with another code than 0 is an error. */
  check?: boolean | undefined;
  /**
   * Whether the output is text (`"utf-8"`, the default) or bytes (`"buffer"`).
   */
  encoding?: "utf-8" | "buffer" | undefined;
  /**
   * Whether the output is a list of lines, without their `"\n"` or `"\r\n"`; false
   * by default.
   */
  lines?: boolean | undefined;
}
