/** @module */
import { LazyModule } from "../tasks/kernel/wait/lazy_module.ts";
import { copyOf } from "./_copy_of.ts";
import type { CompletedPipeline } from "./completed_pipeline.ts";
import type { RunSubprocessOptions } from "./run_options.ts";

const runs = new LazyModule(() => import("./_run.ts"));

/**
 * Runs programs side by side, each reading what the one before it writes, to
 * their end: `a | b | c` without a shell, and so without its quotes.
 *
 * The options are those of {@linkcode runSubprocess}: `stdin` and `input` are
 * for the first, `stdout` for the last, all others for each of them.
 *
 * - Bytes flow no faster than they are read: however much it is, memory stays
 *   bounded.
 * - Every one has a return code. With `check`, the first that failed is thrown.
 * - When one end goes, all of it ends: after the end of a program the next one
 *   reads to the end; the one before it can write no more, and is ended where
 *   it has not ended after `killAfter` milliseconds.
 * - A timeout, a cancel or the signal ends all of them, with all that is in their
 *   groups.
 *
 * **Cancel safety:** a cancel ends all programs, waits for that, and only then
 * is thrown.
 *
 * @throws {CalledProcessError} With `check`: one ended with another code than
 * 0, or by a signal. One that wrote to a program that had read enough, and was
 * ended by SIGPIPE, has not failed.
 * @throws {TimeoutExpiredError} The time was up.
 * @throws {Deno.errors.NotFound} There is no such program or directory; the
 * message names it. What was started before is ended.
 * @throws {TypeError} There is no program, or an option is none of those
 * allowed.
 *
 * @example
 * ```ts
 * import { pipeline } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * const { stdout, returnCodes } = await pipeline(
 *   [["sort"], ["uniq", "-c"], ["sort", "-rn"], ["head", "-n", "1"]],
 *   { input: "pear\napple\npear\n", captureOutput: true },
 * );
 * assertEquals(stdout?.trim(), "2 pear");
 * assertEquals(returnCodes, [0, 0, 0, 0]);
 * ```
 */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options: RunSubprocessOptions & { encoding: "buffer" },
): Promise<CompletedPipeline<Uint8Array>>;
/** Runs programs, and gives their output as lines. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options: RunSubprocessOptions & { lines: true },
): Promise<CompletedPipeline<string[]>>;
/** Runs programs, and gives their output as text. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options?: RunSubprocessOptions & {
    encoding?: "utf-8" | undefined;
    lines?: false | undefined;
  },
): Promise<CompletedPipeline<string>>;
/** Runs programs, and gives their output as `encoding` and `lines` say. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options?: RunSubprocessOptions,
): Promise<CompletedPipeline<string | Uint8Array | string[]>>;
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options: RunSubprocessOptions = {},
): Promise<CompletedPipeline<string | Uint8Array | string[]>> {
  const given = copyOf({ commands, options });
  return runs.use(
    ({ runPipeline }) => runPipeline(given.commands, given.options),
    { signal: options?.signal, failure: "cannot start a pipeline" },
  );
}
