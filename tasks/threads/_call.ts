/** @module */
import type { WaitOptions } from "../kernel/types.ts";
import { QueuedWaiter } from "../kernel/wait/wait_queue.ts";
import type { Job } from "./_worker_script.ts";

/** A wait for the result of a job. */
export class Call extends QueuedWaiter<unknown> {
  readonly job: Job;
  readonly transfer: readonly Transferable[];
  /** The thread that runs the job, if one does. */
  thread: { leave(call: Call): void } | undefined = undefined;
  readonly #what: string;
  #hostCalls = 0;

  constructor(
    what: string,
    job: Job,
    options: WaitOptions & { transfer?: readonly Transferable[] } = {},
  ) {
    super(options);
    this.isExternal = true;
    this.#what = what;
    this.job = job;
    this.transfer = options.transfer ?? [];
  }

  override get what(): string {
    return this.#what;
  }

  /** Notes that the thread waits for this one: a virtual clock may go on. */
  hostCallBegun(): void {
    this.#hostCalls++;
    this.isExternal = false;
  }

  hostCallEnded(): void {
    this.isExternal = --this.#hostCalls === 0;
  }

  protected override leave(): void {
    super.leave();
    const { thread } = this;
    this.thread = undefined;
    thread?.leave(this);
  }
}
