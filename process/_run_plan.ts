/** The checked options of a run. @module */
import { checkFlags, describe } from "../tasks/kernel/types.ts";
import { Limits } from "./_time_limits.ts";
import type { CaptureFormat } from "./pipes/captured.ts";
import { inputOf } from "./pipes/input.ts";
import type { RunSubprocessOptions } from "./run_options.ts";
import { isFile } from "./spawn/output_settings.ts";
import {
  checkStartOptions,
  isInput,
  type SpawnSettings,
  spawnSettings,
} from "./spawn/settings.ts";
import {
  DEVNULL,
  INHERIT,
  type InputSource,
  PIPE,
  type Stdio,
  STDOUT,
} from "./stdio.ts";

const ACTION = "run a program";

/** The default of `maxBuffer`: 64 MiB. */
const DEFAULT_MAX_BUFFER = 64 * 1024 * 1024;

/** The options of a run, checked, with their defaults. */
export interface RunPlan {
  readonly settings: SpawnSettings;
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  readonly format: CaptureFormat;
  readonly maxBuffer: number;
  readonly check: boolean;
}

/**
 * @throws {TypeError} An option is not valid, or does not fit with another one.
 * @throws {RangeError} A number is out of its range.
 */
export function runPlan(options: RunSubprocessOptions): RunPlan {
  checkStartOptions(options);
  checkFlags(options, ["captureOutput", "check", "lines", "all"], ACTION);
  const limits = new Limits(options);
  const format = formatOf(options);
  const output = options.captureOutput || format.all ? PIPE : INHERIT;
  const { stdout = output, stderr = output } = options;
  const stdin = stdinOf(options);
  const settings = spawnSettings(options, { stdin, stdout, stderr });
  const { maxBuffer = DEFAULT_MAX_BUFFER, signal } = options;
  const outputs = [settings.stdout, settings.stderr]
    .filter((it) => it !== STDOUT);
  if (format.all && !outputs.some(({ isRead }) => isRead)) {
    throw new TypeError(
      "Cannot run a program: all takes an output that is captured, received none",
    );
  }
  checkMaxBuffer(maxBuffer);
  const check = options.check ?? false;
  return { settings, limits, signal, format, maxBuffer, check };
}

function formatOf(options: RunSubprocessOptions): CaptureFormat {
  const { encoding = "utf-8", lines = false, all = false } = options;
  if (encoding !== "utf-8" && encoding !== "buffer") {
    throw new TypeError(
      `Cannot run a program: encoding is "utf-8" or "buffer", received ${
        describe(encoding)
      }`,
    );
  }
  if (lines && encoding === "buffer") {
    throw new TypeError(
      'Cannot run a program: lines are text, received encoding: "buffer"',
    );
  }
  return { encoding, lines, all };
}

function stdinOf(
  { stdin, input }: RunSubprocessOptions,
): Stdio | InputSource {
  if (input === undefined) {
    return stdin === PIPE ? inputOf("") : stdin ?? DEVNULL;
  }
  if (stdin !== undefined && stdin !== PIPE) {
    throw new TypeError(
      `Cannot run a program: input takes stdin: PIPE, received ${
        describe(stdin)
      }`,
    );
  }
  if (typeof input === "string" || input instanceof Uint8Array) {
    return inputOf(input);
  }
  if (!isInput(input) || isFile(input)) {
    throw new TypeError(
      `Cannot run a program: input is a string, a Uint8Array, a ReadableStream or an iterable of these, received ${
        describe(input)
      }`,
    );
  }
  return input as InputSource;
}

function checkMaxBuffer(value: unknown): void {
  if (typeof value === "number" && value >= 0) return;
  const type = typeof value === "number" ? RangeError : TypeError;
  throw new type(
    `Cannot run a program: maxBuffer is a number of bytes, received ${
      describe(value)
    }`,
  );
}
