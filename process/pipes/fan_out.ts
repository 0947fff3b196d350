/** @module */
import type { OpenTarget } from "./open_target.ts";

/**
 * Hands an output on to all its targets, no faster than the slowest takes it. A
 * target that fails gets no more; the others do.
 */
export class FanOut {
  /** The error of the first target that failed. */
  failure: { error: unknown } | undefined = undefined;
  /** The targets that have not failed. */
  #branches: readonly Branch[];

  constructor(targets: readonly OpenTarget[]) {
    this.#branches = targets.map((target) => new Branch(target));
  }

  /** Whether a target is left. */
  get hasTargets(): boolean {
    return this.#branches.length > 0;
  }

  /**
   * Writes to all targets. Resolves when all of them take more.
   *
   * @param bytes May be overwritten after that.
   */
  async write(bytes: Uint8Array): Promise<void> {
    await Promise.all(this.#branches.map(async (branch) => {
      if (await this.#succeeds(branch.write(bytes))) return;
      this.#branches = this.#branches.filter((it) => it !== branch);
      await this.#succeeds(branch.close());
    }));
  }

  /** Closes all targets. Resolves when all of them have got everything. */
  async close(): Promise<void> {
    await Promise.all(
      this.#branches.map((branch) => this.#succeeds(branch.close())),
    );
  }

  async #succeeds(step: Promise<void>): Promise<boolean> {
    try {
      await step;
      return true;
    } catch (error) {
      this.failure ??= { error };
      return false;
    }
  }
}

/** One target. It is closed after the write under way. */
class Branch {
  readonly #target: OpenTarget;
  #writing: Promise<void> = Promise.resolve();

  constructor(target: OpenTarget) {
    this.#target = target;
  }

  write(bytes: Uint8Array): Promise<void> {
    const { keepsBytes } = this.#target;
    return this.#writing = this.#target.write(
      keepsBytes ? bytes.slice() : bytes,
    );
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {}); // `write` has rejected, too
    await this.#target.close();
  }
}
