/** The sources and targets of a program's streams. @module */

/**
 * A pipe, which this program writes to or reads from. Mirrors
 * `asyncio.subprocess.PIPE`.
 */
export const PIPE = "piped" as const;

/**
 * The null device: a read finds the end at once, and written bytes are dropped.
 * Mirrors `asyncio.subprocess.DEVNULL`.
 */
export const DEVNULL = "null" as const;

/** The stream of this program itself; the default. */
export const INHERIT = "inherit" as const;

/**
 * For `stderr` only: the same pipe as that of `stdout`, so that everything arrives
 * in the order in which it was written. Mirrors `asyncio.subprocess.STDOUT`.
 */
export const STDOUT = "stdout" as const;

/** A source or target that the system connects. */
export type Stdio = typeof PIPE | typeof DEVNULL | typeof INHERIT;

/**
 * What a program can read: the bytes of a stream, the bytes or texts of an
 * iterable, or a file. A relative path is relative to the directory of this
 * program, not to `cwd`.
 */
export type InputSource =
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | { file: string | URL };

/**
 * Where the output of a program can go: a stream, which is closed at the end,
 * or a file, which is emptied before unless `append` is set.
 */
export type OutputTarget =
  | Stdio
  | WritableStream<Uint8Array<ArrayBuffer>>
  | { file: string | URL; append?: boolean | undefined };
