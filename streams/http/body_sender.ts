/** @module */
import { cancellable } from "../../tasks/cancellable.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { moveOnAfter } from "../../tasks/timeout.ts";

/** How long the clean-up of a body that is given up may take. */
const CLEAN_UP_TIMEOUT_MS = 1000;

/** The error of a body that was cut off; its reason is reported by the exchange. */
export const CUT_OFF: Error = new Error("the body was cut off");

/**
 * Sends the body of a response from within a task, so that the code which makes
 * the body belongs to that task, and ends with it.
 */
export class BodySender {
  /** What the runtime sends. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #demand = new WaitQueue<void>("the client takes more of the body", {
    external: true,
  });
  #isDemanded = false;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  /** @param clientGone Called when the runtime takes no more of it. */
  constructor(body: ReadableStream<Uint8Array>, clientGone: () => void) {
    this.#reader = body.getReader();
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        this.#isDemanded = !this.#demand.wake();
      },
      cancel: clientGone,
    }, { highWaterMark: 0 });
  }

  /** Sends all of it; cancelled, it cuts the body off. */
  async send(): Promise<void> {
    try {
      while (await this.#sendChunk());
      this.#controller.close();
    } catch (error) {
      this.#controller.error(CUT_OFF);
      await this.#cleanUp(error);
      throw error;
    }
  }

  /** False at the end. */
  async #sendChunk(): Promise<boolean> {
    await this.#demanded();
    const { value, done } = await cancellable(this.#reader.read());
    if (!done) this.#controller.enqueue(value);
    return !done;
  }

  #demanded(): Promise<void> | undefined {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    if (this.#isDemanded) {
      this.#isDemanded = false;
      return undefined;
    }
    return this.#demand.wait();
  }

  /** Cancels the body: without effect if it has failed or was cancelled. */
  async #cleanUp(reason: unknown): Promise<void> {
    const cancelled = this.#reader.cancel(reason).catch(() => {});
    await moveOnAfter(CLEAN_UP_TIMEOUT_MS, () => cancellable(cancelled));
  }
}
