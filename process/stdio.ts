/** Where the streams of a program lead. @module */

/**
 * A pipe: the stream is there to be written to or read from. Mirrors
 * `asyncio.subprocess.PIPE`.
 */
export const PIPE = "piped" as const;

/**
 * Nowhere: reading gives the end at once, and what is written is dropped.
 * Mirrors `asyncio.subprocess.DEVNULL`.
 */
export const DEVNULL = "null" as const;

/**
 * To the same place as this program's own stream; what is used unless something
 * else is given.
 */
export const INHERIT = "inherit" as const;

/**
 * For `stderr` alone: into the stream of `stdout`, through one and the same
 * pipe, so that everything arrives in the order in which it was written.
 * Mirrors `asyncio.subprocess.STDOUT`.
 */
export const STDOUT = "stdout" as const;

/** Where a stream of a program may lead without this program's help. */
export type Stdio = typeof PIPE | typeof DEVNULL | typeof INHERIT;

/**
 * What a program can read: the bytes of a stream, the bytes or texts of an
 * iterable, or a file. A relative path is relative to the directory of this
 * program, not to the `cwd` of the other.
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
