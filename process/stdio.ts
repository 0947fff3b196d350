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

/** Where `stdin` and `stdout` may lead. */
export type Stdio = typeof PIPE | typeof DEVNULL | typeof INHERIT;
