/** Capturing the output of a program. @module */
import type { RunPlan } from "./_run_plan.ts";
import { OutputLimitError } from "./errors.ts";
import {
  type Captured,
  type CapturedData,
  CaptureLog,
  type OutputName,
} from "./pipes/captured.ts";
import type { OutputSettings } from "./spawn/output_settings.ts";
import type { SpawnSettings } from "./spawn/settings.ts";
import { PIPE, STDOUT } from "./stdio.ts";

/** How many characters a string holds at most; each is made of a byte or more. */
const MAX_TEXT_LENGTH = 2 ** 29 - 24;

/** Captures the outputs of one program. */
export class Capture {
  readonly #cmd: string | readonly string[];
  readonly #plan: RunPlan;
  readonly #log: CaptureLog;
  #exceeded: OutputName | undefined = undefined;

  /**
   * @param exceeded Called whenever there is too much output, with the number of
   * dropped bytes; ends the program.
   */
  constructor(
    cmd: string | readonly string[],
    plan: RunPlan,
    exceeded: (bytes: number) => void,
  ) {
    this.#cmd = cmd;
    this.#plan = plan;
    this.#log = new CaptureLog({
      bytes: plan.maxBuffer,
      exceeded: (output, bytes) => {
        this.#exceeded ??= output;
        exceeded(bytes);
      },
    });
  }

  /** Adds targets that capture the outputs to the settings of the program. */
  applyTo(settings: SpawnSettings): SpawnSettings {
    const { stdout, stderr } = settings;
    return {
      ...settings,
      stdout: this.#captured("stdout", stdout),
      stderr: stderr === STDOUT ? STDOUT : this.#captured("stderr", stderr),
    };
  }

  /**
   * Returns the captured output when the program has ended.
   *
   * @throws {OutputLimitError} There was too much.
   */
  result(): Captured<CapturedData> {
    const { maxBuffer, format } = this.#plan;
    if (this.#exceeded !== undefined) {
      throw this.#error(maxBuffer, this.#exceeded);
    }
    try {
      return this.#log.formatted(format);
    } catch (cause) { // it does not fit into a string
      throw this.#error(MAX_TEXT_LENGTH, this.#log.largest, cause);
    }
  }

  /** Returns the output so far; as bytes, if it does not fit into a string. */
  soFar(): Captured<CapturedData> {
    const { format } = this.#plan;
    try {
      return this.#log.formatted(format);
    } catch {
      return this.#log.formatted({ ...format, encoding: "buffer" });
    }
  }

  #captured(name: OutputName, output: OutputSettings): OutputSettings {
    if (!output.isRead) return output;
    const targets = [...output.targets, this.#log.targetFor(name)];
    return { stdio: PIPE, isRead: false, targets };
  }

  #error(
    maxBuffer: number,
    output: OutputName,
    cause?: unknown,
  ): OutputLimitError {
    const limit = { maxBuffer, output };
    return new OutputLimitError(this.#cmd, limit, this.soFar(), { cause });
  }
}
