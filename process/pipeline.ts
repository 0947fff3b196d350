/** @module */
import { LazyModule } from "../tasks/kernel/wait/lazy_module.ts";
import { copyOf } from "./_copy_of.ts";
import type { CompletedPipeline } from "./completed_pipeline.ts";
import type { RunSubprocessOptions } from "./run_options.ts";

const runs = new LazyModule(() => import("./_run_programs.ts"));

/**
 * Runs programs at the same time, each of which reads what the one before it
 * writes, to their end: `a | b | c` without a shell, and so without its quotes.
 *
 * The options are those of {@linkcode runSubprocess}: `stdin` and `input` are for
 * the first program, `stdout` is for the last, all others are for each of them.
 *
 * - Bytes are moved no faster than they are read, so memory stays bounded.
 * - Each program has a return code. With `check`, the error of the first one that
 *   failed is thrown.
 * - If a program ends, the next one reads the end of its input. The one before can
 *   write no more, and is ended if it has not ended after `killAfter` milliseconds.
 * - A timeout, a cancel or the signal ends all programs with their groups.
 *
 * **Cancel safety:** a cancel ends all programs. The promise rejects when they have
 * ended.
 *
 * @throws {CalledProcessError} With `check`: a program ended with another code than
 * 0, or by a signal. A program that was ended by SIGPIPE, as the next one had read
 * enough, has not failed.
 * @throws {TimeoutExpiredError} The time was up.
 * @throws {Deno.errors.NotFound} There is no such program or directory; the
 * message names it. The programs before it are ended.
 * @throws {TypeError} There is no program, or an option is not valid.
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
/** Runs programs, and returns their output as lines. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options: RunSubprocessOptions & { lines: true },
): Promise<CompletedPipeline<string[]>>;
/** Runs programs, and returns their output as text. */
export function pipeline(
  commands: readonly (readonly [string, ...string[]])[],
  options?: RunSubprocessOptions & {
    encoding?: "utf-8" | undefined;
    lines?: false | undefined;
  },
): Promise<CompletedPipeline<string>>;
/** Runs programs, and returns their output as `encoding` and `lines` say. */
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
    { signal: options?.signal, failure: "Cannot start a pipeline" },
  );
}
