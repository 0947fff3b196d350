/** @module */
import { detached } from "../../../tasks/kernel/context/detached.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../../tasks/kernel/wait/waiter.ts";
import type { Msg } from "../transport/client.ts";
import type { ReplyListener } from "../transport/replies.ts";
import { numberIn } from "./job_message.ts";

/** Puts a job in as many messages as it takes. */
export type PutAgain = (options: WaitOptions) => Promise<unknown>;

/**
 * A put that takes one message, as most do, and the wait for its confirmation. If
 * that message does not do, the job is put again until the wait is given up.
 */
export class Put extends ExternalWaiter<void> implements ReplyListener {
  readonly what = "Jobs.put";
  readonly subject: string;
  readonly #putAgain: PutAgain;
  readonly #put: ((seq: number) => void) | undefined;
  #again: AbortController | undefined = undefined;

  /** @param put Called with the number of the job in the stream. */
  constructor(
    subject: string,
    { put, putAgain }: {
      put: ((seq: number) => void) | undefined;
      putAgain: PutAgain;
    },
    options: WaitOptions,
  ) {
    super(options);
    this.subject = subject;
    this.#put = put;
    this.#putAgain = putAgain;
  }

  replied(reply: Msg): void {
    const seq = numberIn(reply);
    if (seq === undefined) return this.#goOn();
    this.#put?.(seq);
    this.wake();
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
