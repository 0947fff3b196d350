/** @module */
import { Line } from "../../../tasks/line.ts";
import type { WaitOptions } from "../../../tasks/types.ts";
import { refused } from "../../../tasks/waiter.ts";

/** Lets one in at a time, first come, first served. */
export class PublishLock {
  readonly #line = new Line<void>("Jobs.put");
  #taken = false;

  get taken(): boolean {
    return this.#taken;
  }

  get waiting(): number {
    return this.#line.size;
  }

  async enter(options?: WaitOptions): Promise<void> {
    const refusal = refused(options);
    if (refusal !== undefined) await refusal;
    if (this.#taken) await this.#line.wait(options);
    this.#taken = true;
  }

  leave(): void {
    this.#taken = this.#line.wake(); // whoever is let in has it already
  }

  close(error: unknown): void {
    this.#line.failAll(error);
  }
}
