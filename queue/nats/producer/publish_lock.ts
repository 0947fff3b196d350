/** Publishing to a full queue, one job after the other. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../../tasks/kernel/wait/checkpoint.ts";
import {
  QueuedWaiter,
  WaitQueue,
} from "../../../tasks/kernel/wait/wait_queue.ts";

/** A wait to publish a job. */
class Turn extends QueuedWaiter<boolean> {
  readonly id: string | undefined;

  constructor(id: string | undefined, options?: WaitOptions) {
    super(options);
    this.id = id;
  }
}

/** A lock, so that one put at a time tries a full queue: first come, first served. */
export class PublishLock {
  readonly #waiters = new WaitQueue<boolean, Turn>("Jobs.put");
  #taken = false;

  get taken(): boolean {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for the lock.
   *
   * @returns `false` if a job with this id was put meanwhile: the lock is not taken.
   */
  async enter(id: string | undefined, options?: WaitOptions): Promise<boolean> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) await rejection;
    if (this.#taken) {
      const turn = new Turn(id, options);
      if (!await this.#waiters.add(turn)) return false;
    }
    return this.#taken = true;
  }

  /**
   * Passes the lock on.
   *
   * @param put The id of the job that was put: waits for the same id end.
   */
  leave(put?: string): void {
    if (put !== undefined) this.#release(put);
    this.#taken = this.#waiters.wake(true); // the next one has the lock
  }

  #release(id: string): void {
    for (let it = this.#waiters.first; it !== undefined;) {
      const next = it.nextInQueue as Turn | undefined;
      if (it.id === id) it.wake(false);
      it = next;
    }
  }

  close(error: unknown): void {
    this.#waiters.failAll(error);
  }
}
