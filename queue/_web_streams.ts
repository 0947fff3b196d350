/** A queue as a pair of Web Streams. @module */
import { detached } from "../tasks/kernel/context/detached.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { ready } from "../tasks/kernel/wait/checkpoint.ts";
import type { Channel } from "./_channel.ts";
import { Getter } from "./_channel_waits.ts";

/**
 * A read that waits. It gives the item to the stream at once: if it did so when
 * its promise has settled, a cancel of the stream in between would lose the item.
 */
class Pull<T> extends Getter<T> {
  readonly #stream: ReadableStream<T>;
  readonly #controller: ReadableStreamDefaultController<T>;

  constructor(
    stream: ReadableStream<T>,
    controller: ReadableStreamDefaultController<T>,
  ) {
    super();
    this.#stream = stream;
    this.#controller = controller;
  }

  /** The reader was released: its reads have ended, but `pull` was not told. */
  override get isGone(): boolean {
    return !this.#stream.locked;
  }

  take(item: T): boolean {
    this.wake(undefined);
    this.#controller.enqueue(item);
    return true;
  }

  end(): void {
    this.wake(undefined);
    this.#controller.close();
  }
}

/**
 * The items of a queue as a stream that takes one for each read.
 *
 * @param cancelled Called when the stream is cancelled.
 */
export function readableOf<T>(
  channel: Channel<T>,
  cancelled?: () => void,
): ReadableStream<T> {
  const { getters } = channel;
  let pull: Pull<T> | undefined;
  const stream: ReadableStream<T> = new ReadableStream<T>({
    pull(controller): Promise<void> | void {
      if (channel.items.size > 0) {
        controller.enqueue(channel.take());
        return ready(undefined);
      }
      if (channel.hasFailed) return controller.error(channel.end);
      if (channel.isShutdown) return controller.close();
      pull = detached(() => new Pull(stream, controller));
      return getters.add(pull) as Promise<void>;
    },
    cancel() {
      pull?.wake(undefined);
      cancelled?.();
    },
  }, { highWaterMark: 0 });
  return stream;
}

/** What a writable stream needs of a queue. */
export interface Sink<T> {
  put(item: T, options?: WaitOptions): Promise<void>;
  shutdown(): void;
}

/** A stream that puts what is written to it into a queue. */
export function writableOf<T>(sink: Sink<T>): WritableStream<T> {
  return new WritableStream<T>({
    write: (item, { signal }) =>
      detached(() => sink.put(item, { signal })).catch((error) => {
        sink.shutdown(); // a stream whose sink has failed takes nothing more
        throw error;
      }),
    close: () => sink.shutdown(),
    abort: () => sink.shutdown(),
  });
}
