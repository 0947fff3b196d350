/** @module */
import { detached } from "../../../tasks/kernel/context/detached.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../../tasks/kernel/wait/waiter.ts";
import type { Msg } from "../transport/client.ts";
import type { ReplyListener } from "../transport/replies.ts";
import { isStored } from "./job_message.ts";

/** Puts a job, whatever that takes. */
export type PutAgain = (options: WaitOptions) => Promise<unknown>;

/**
 * A put that takes one message, as most do, and the wait for its confirmation. If
 * that message does not do, the job is put again until the wait is given up.
 */
export class Put extends ExternalWaiter<void> implements ReplyListener {
  readonly what = "Jobs.put";
  readonly subject: string;
  readonly #putAgain: PutAgain;
  #again: AbortController | undefined = undefined;

  constructor(subject: string, putAgain: PutAgain, options: WaitOptions) {
    super(options);
    this.subject = subject;
    this.#putAgain = putAgain;
  }

  replied(reply: Msg): void {
    if (isStored(reply)) this.wake();
    else this.#goOn();
  }

  failed(): void {
    this.#goOn();
  }

  #goOn(): void {
    if (!this.pending) return; // it was given up
    const { signal } = this.#again = new AbortController();
    detached(() => this.#putAgain({ signal })).then(
      () => this.wake(),
      (error) => this.fail(error),
    );
  }

  /** Then a cancel calls the listeners of a signal. */
  override get endsAtOnce(): boolean {
    return this.#again === undefined;
  }

  protected override leave(): void {
    super.leave();
    this.#again?.abort();
  }
}
