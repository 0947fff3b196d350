/** @module */
import type { WaitOptions } from "../tasks/kernel/types.ts";
import type { RunPlan } from "./_run_plan.ts";
import { OutputLimitError } from "./errors.ts";
import {
  ArrivalOrder,
  type Captured,
  type CapturedData,
  formatted,
} from "./pipes/captured.ts";
import {
  Communication,
  type OutputName,
  type ProcessOutput,
} from "./pipes/communicate.ts";
import { partsOf, type Process } from "./process.ts";

/** How many characters a string holds; each comes from a byte or more. */
const MAX_TEXT_LENGTH = 2 ** 29 - 24;

/** What is captured of a program, and how. */
export interface CaptureOptions {
  readonly cmd: string | readonly string[];
  readonly plan: RunPlan;
  /** Whether its output is read by the next program instead. */
  readonly isPiped: boolean;
  /** Called when bytes have moved through its pipes. */
  moved(): void;
}

/** Reads what a program writes, until it has ended. */
export class Capture {
  readonly #communication: Communication;
  readonly #order = new ArrivalOrder();
  readonly #options: CaptureOptions;

  constructor(process: Process, options: CaptureOptions) {
    this.#options = options;
    const { plan, isPiped, moved } = options;
    const { exit, pipes } = partsOf(process);
    const stdout = isPiped ? undefined : pipes.stdout;
    this.#communication = new Communication(exit, {
      stdout,
      stderr: pipes.stderr,
    });
    pipes.onFed = moved;
    pipes.onBytes = (output, count) => {
      if (plan.format.all && !(isPiped && output === "stdout")) {
        this.#order.note(output, count);
      }
      moved();
    };
  }

  /**
   * Waits for the end.
   *
   * @param options `exceeded` is called when there is too much, and has to end
   * the program.
   * @throws {OutputLimitError} There was too much.
   */
  async run(
    options: WaitOptions & { exceeded: () => void },
  ): Promise<Captured<CapturedData>> {
    const { maxBuffer, format } = this.#options.plan;
    let tooLong: OutputName | undefined;
    const output = await this.#communication.run(undefined, options, {
      bytes: maxBuffer,
      exceeded(output) {
        tooLong ??= output;
        options.exceeded();
      },
    });
    if (tooLong !== undefined) throw this.#error(maxBuffer, tooLong, output);
    try {
      return formatted(output, this.#order, format);
    } catch (cause) { // it does not fit into a string
      throw this.#error(MAX_TEXT_LENGTH, longer(output), output, cause);
    }
  }

  /** What has come so far; as bytes, if it does not fit into a string. */
  take(): Captured<CapturedData> {
    return this.#given(this.#communication.take());
  }

  #error(
    maxBuffer: number,
    tooLong: OutputName,
    { stdout, stderr }: ProcessOutput,
    cause?: unknown,
  ): OutputLimitError {
    const { cmd, plan } = this.#options;
    const given = this.#given({
      ...(stdout && { stdout: stdout.subarray(0, plan.maxBuffer) }),
      ...(stderr && { stderr: stderr.subarray(0, plan.maxBuffer) }),
    });
    const limit = { maxBuffer, output: tooLong };
    return new OutputLimitError(cmd, limit, given, { cause });
  }

  #given(output: ProcessOutput): Captured<CapturedData> {
    const { format } = this.#options.plan;
    try {
      return formatted(output, this.#order, format);
    } catch {
      return formatted(output, this.#order, { ...format, encoding: "buffer" });
    }
  }
}

function longer({ stdout, stderr }: ProcessOutput): OutputName {
  return (stderr?.length ?? 0) > (stdout?.length ?? 0) ? "stderr" : "stdout";
}
