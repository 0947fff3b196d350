/** Where the streams of a program lead. @module */

/** A pipe: the stream is there to be written to or read from. Mirrors `asyncio.subprocess.PIPE`. */
export const PIPE: "piped" = "piped";

/** Nowhere: reading gives the end at once, and what is written is dropped. Mirrors `asyncio.subprocess.DEVNULL`. */
export const DEVNULL: "null" = "null";

/** To the same place as this program's own stream; what is used unless something else is given. */
export const INHERIT: "inherit" = "inherit";

/**
 * For `stderr` alone: into the stream of `stdout`, through one and the same pipe, so that everything arrives in the order in which
 * it was written. Mirrors `asyncio.subprocess.STDOUT`.
 */
export const STDOUT: "stdout" = "stdout";

/** Where `stdin` and `stdout` may lead. */
export type Stdio = typeof PIPE | typeof DEVNULL | typeof INHERIT;
