/** @module */
import type { ByteSink } from "../buffer/source_and_sink.ts";
import {
  copyVariables,
  currentScope,
  runInFrame,
} from "../../tasks/kernel/context/current_scope.ts";
import { describe } from "../../tasks/kernel/types.ts";
import { rootFrame } from "../../tasks/kernel/cancel/cancel_scope.ts";

function ignore(): void {}

/**
 * A Web Stream as a sink. Its callbacks run in the context of the code that has
 * written first in this turn, even in another run. And they go on
 * when the task that has written is cancelled. So they belong to no task, and
 * to the loop on which the sink was made.
 */
export class WebSink implements ByteSink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #where = rootFrame(currentScope().loop, copyVariables());
  readonly oneWay = true;

  /** @throws {TypeError} `stream` is none, or locked. */
  constructor(stream: WritableStream<Uint8Array<ArrayBuffer>>) {
    if (typeof stream?.getWriter !== "function") {
      throw new TypeError(
        `Cannot write: expected a WritableStream, received ${describe(stream)}`,
      );
    }
    this.#writer = stream.getWriter();
    this.#writer.closed.catch(ignore); // the next write says it
    this.#writer.ready.catch(ignore);
  }

  /** Rejects when the stream has failed. */
  get closed(): Promise<void> {
    return this.#writer.closed;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const chunk = bytes.slice(); // a stream may keep what it is given
    await runInFrame(this.#where, () => this.#writer.write(chunk));
    return bytes.length;
  }

  close(): Promise<void> {
    return runInFrame(this.#where, () => this.#writer.close());
  }

  abort(reason: unknown): void {
    runInFrame(this.#where, () => this.#writer.abort(reason)).catch(ignore);
  }
}
