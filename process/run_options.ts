/** How programs are run to their end: for one and for a pipeline. @module */
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";
import { checkInput, type ProcessOutput } from "./pipes/communicate.ts";
import type { TimeLimits } from "./_limits.ts";
import { spawnSettings, type SubprocessOptions } from "./options.ts";
import { partsOf, type Process } from "./process.ts";
import { DEVNULL, PIPE } from "./stdio.ts";

/** How a program is run to its end. */
export interface RunSubprocessOptions
  extends SubprocessOptions, WaitOptions, TimeLimits {
  /** What it reads; `stdin` is then a pipe. */
  input?: string | Uint8Array | undefined;
  /** Whether `stdout` and `stderr` are captured, unless they are given. */
  captureOutput?: boolean | undefined;
  /** Whether an end with another code than 0 is thrown. */
  check?: boolean | undefined;
  /**
   * How its output is given: as text (`"utf-8"`, unless given), or as bytes
   * (`"buffer"`).
   */
  encoding?: "utf-8" | "buffer" | undefined;
}

/**
 * The options with the pipes that they ask for.
 *
 * @throws {TypeError} They do not fit together.
 */
export function withPipes(options: RunSubprocessOptions): RunSubprocessOptions {
  const { input, captureOutput, encoding } = options;
  if (encoding !== undefined && encoding !== "utf-8" && encoding !== "buffer") {
    throw new TypeError(
      `encoding is "utf-8" or "buffer", found ${describe(encoding)}`,
    );
  }
  if (input !== undefined) {
    checkInput(input);
    if (options.stdin !== undefined && options.stdin !== PIPE) {
      throw new TypeError(
        `input needs stdin: PIPE, found ${describe(options.stdin)}`,
      );
    }
  }
  const stdin = options.stdin ?? (input === undefined ? DEVNULL : PIPE);
  const captured = captureOutput ? { stdout: PIPE, stderr: PIPE } as const : {};
  const plumbed = { ...captured, ...given(options), stdin };
  spawnSettings(plumbed);
  return plumbed;
}

/** What is given as `undefined` is not given. */
function given<O extends object>(options: O): Partial<O> {
  const entries = Object.entries(options);
  return Object.fromEntries(
    entries.filter(([, value]) => value !== undefined),
  ) as Partial<O>;
}

/** Calls `moved` when bytes have come out of a process, or gone into it. */
export function watchBytes(process: Process, moved: () => void): void {
  const { pipes, communication } = partsOf(process);
  pipes.onBytes = moved;
  communication.onFed = moved;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What was captured, as `encoding` says. */
export function decoded(
  output: ProcessOutput,
  { encoding }: { encoding?: "utf-8" | "buffer" | undefined },
): { stdout?: string | Uint8Array; stderr?: string | Uint8Array } {
  if (encoding === "buffer") return output;
  const text: { stdout?: string; stderr?: string } = {};
  if (output.stdout !== undefined) text.stdout = decoder.decode(output.stdout);
  if (output.stderr !== undefined) text.stderr = decoder.decode(output.stderr);
  return text;
}
