/** @module */
import { WaitQueue } from "../../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../../tasks/kernel/wait/checkpoint.ts";

/** Lets one in at a time, first come, first served. */
export class PublishLock {
  readonly #line = new WaitQueue<void>("Jobs.put");
  #taken = false;

  get taken(): boolean {
    return this.#taken;
  }

  get waiting(): number {
    return this.#line.size;
  }

  async enter(options?: WaitOptions): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) await rejection;
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
