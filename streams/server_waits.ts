/**
 * The waits of servers: for ever, and until something has changed.
 *
 * @module
 */
import { CancelledError } from "../tasks/kernel/errors.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";

/** Waits until a condition holds: it is checked whenever something changes. */
export class Changes {
  readonly #waiters: WaitQueue<void>;

  /** @param what Returns what is waited for, in words. */
  constructor(what: () => string) {
    this.#waiters = new WaitQueue(what, { external: true });
  }

  async until(condition: () => boolean, options?: WaitOptions): Promise<void> {
    do {
      await (checkpointIfCancelled(options) ??
        (condition() || this.#waiters.wait(options)));
    } while (!condition());
  }

  /** Something has changed. */
  notify(): void {
    this.#waiters.wakeAll();
  }
}

/** What serves for ever. */
export interface Serving {
  readonly isServing: boolean;
  waitClosed(): Promise<void>;
}

/** The wait of `serveForever`. */
export class Forever {
  readonly #waiters: WaitQueue<void>;
  readonly #closed = new CancelledError("the server was closed");

  /** @param what What is waited for: `"Server.serveForever"`. */
  constructor(what: string) {
    this.#waiters = new WaitQueue(what, { external: true });
  }

  /** @param end Ends the server if the wait is given up. */
  async wait(
    server: Serving,
    end: () => Promise<void>,
    options: WaitOptions | undefined,
  ): Promise<never> {
    if (!server.isServing) {
      throw new Error("Cannot serve forever: the server is closed");
    }
    if (this.#waiters.size > 0) {
      throw new Error(
        "Cannot serve forever: another call is waiting already",
      );
    }
    try {
      return await (checkpointIfCancelled(options) ?? this.#rejection(options));
    } catch (error) {
      // The code that closed the server decides about its clients.
      if (error === this.#closed) await server.waitClosed();
      else await end();
      throw error;
    }
  }

  /** Ends it, as the server is closed. */
  close(): void {
    this.#waiters.failAll(this.#closed);
  }

  /** Nothing wakes it: it ends by an error. */
  #rejection(options: WaitOptions | undefined): Promise<never> {
    return this.#waiters.wait(options) as Promise<never>;
  }
}
