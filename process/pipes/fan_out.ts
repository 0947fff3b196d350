/** @module */
import type { OpenTarget } from "./output_targets.ts";

/**
 * Hands an output on to all its targets, no faster than the slowest takes it. A
 * target that fails gets no more; the others do.
 */
export class FanOut {
  /** The first failure. */
  failure: { error: unknown } | undefined = undefined;
  /** Those that have not failed. */
  #targets: readonly OpenTarget[];

  constructor(targets: readonly OpenTarget[]) {
    this.#targets = targets;
  }

  /** Whether a target is left. */
  get hasTargets(): boolean {
    return this.#targets.length > 0;
  }

  /**
   * Resolves when all would take more.
   *
   * @param bytes May be written over after that.
   */
  async write(bytes: Uint8Array): Promise<void> {
    await Promise.all(this.#targets.map(async (target) => {
      try {
        await target.write(target.keepsBytes ? bytes.slice() : bytes);
      } catch (error) {
        this.#targets = this.#targets.filter((it) => it !== target);
        this.failure ??= { error };
        await this.#close(target);
      }
    }));
  }

  /** Resolves when all have got everything. */
  async close(): Promise<void> {
    await Promise.all(this.#targets.map((target) => this.#close(target)));
  }

  async #close(target: OpenTarget): Promise<void> {
    try {
      await target.close();
    } catch (error) {
      this.failure ??= { error };
    }
  }
}
