/** Feeding a program from a source. @module */
import { cancellable } from "../../tasks/cancellable.ts";
import { createTask } from "../../tasks/create_task.ts";
import { describe } from "../../tasks/kernel/types.ts";
import type { Task } from "../../tasks/task.ts";
import type { InputChunks } from "./input.ts";
import type { PipeSink } from "./pipe_sink.ts";

/** What a feed reports. */
export interface FeedEvents {
  /** Called when bytes were written. */
  moved(): void;
  /** Called if the source has failed, or the feed was cancelled. */
  failed(error: unknown): void;
}

const encoder = new TextEncoder();

/**
 * Feeds a program from a source, no faster than it reads. This runs in a task, so
 * that the waits in a generator of the user end with the program.
 */
export class StdinFeed {
  readonly #chunks: InputChunks;
  readonly #sink: PipeSink;
  readonly #task: Task<void>;
  #hasEnded = false;
  /** Whether the program has closed its end of the pipe. */
  #isBroken = false;

  constructor(
    chunks: InputChunks,
    sink: PipeSink,
    events: FeedEvents,
  ) {
    this.#chunks = chunks;
    this.#sink = sink;
    this.#task = createTask(() => this.#run(events), {
      name: `stdin of ${sink.info("pid")}`,
    });
  }

  /** Ends the feed, and closes the pipe. */
  stop(): void {
    this.#sink.abort();
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#task.cancel("the program reads no more");
    this.#chunks.cancel();
  }

  async #run(events: FeedEvents): Promise<void> {
    try {
      while (true) {
        const { done, value } = await cancellable(this.#chunks.next());
        if (done) break;
        const bytes = bytesOf(value);
        if (bytes.length === 0) continue;
        const write = this.#sink.writeAll(bytes);
        await cancellable(write.catch(() => this.#isBroken = true));
        if (this.#isBroken) return this.stop();
        events.moved();
      }
      this.#hasEnded = true;
      await this.#sink.close().catch(() => {});
    } catch (error) {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      this.#chunks.cancel();
      events.failed(error); // the pipe stays open: this is not the end of the input
    }
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === "string") return encoder.encode(chunk);
  throw new TypeError(
    `Cannot feed a program: its input is made of Uint8Arrays and strings, received ${
      describe(chunk)
    }`,
  );
}
