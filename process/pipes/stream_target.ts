/** @module */
import { rootFrame } from "../../tasks/kernel/cancel/cancel_scope.ts";
import {
  copyVariables,
  currentScope,
  runInFrame,
} from "../../tasks/kernel/context/current_scope.ts";
import type { OpenTarget } from "./open_target.ts";

/**
 * A stream. Its callbacks belong to no task: they go on if the task that has
 * started the program, or that reads its output as well, is cancelled.
 */
export class StreamTarget implements OpenTarget {
  readonly keepsBytes = true;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #where = rootFrame(currentScope().loop, copyVariables());

  constructor(stream: WritableStream<Uint8Array<ArrayBuffer>>) {
    this.#writer = stream.getWriter();
    this.#writer.closed.catch(() => {}); // `ready` and `close` reject as well
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#writer.ready;
    runInFrame(this.#where, () => this.#writer.write(bytes))
      .catch(() => {}); // the next `ready` rejects as well
    await this.#writer.ready;
  }

  async close(): Promise<void> {
    await this.#writer.ready; // rejects with the error of the stream, if it has one
    await runInFrame(this.#where, () => this.#writer.close());
  }

  release(): void {
    this.#writer.releaseLock();
  }
}
