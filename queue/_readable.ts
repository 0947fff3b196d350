/** @module */
import { detached } from "../tasks/detached.ts";
import { passed, type Place } from "../tasks/waiter.ts";
import type { Exchange } from "./_exchange.ts";
import { Getter } from "./_getter.ts";

/**
 * A read that waits. It hands the item to the stream at once, not when its
 * promise has settled: a cancel of the stream in between would lose it.
 */
class Pull<T> extends Getter<T> {
  readonly #stream: ReadableStream<T>;
  readonly #controller: ReadableStreamDefaultController<T>;

  constructor(
    place: Place,
    stream: ReadableStream<T>,
    controller: ReadableStreamDefaultController<T>,
  ) {
    super(place);
    this.#stream = stream;
    this.#controller = controller;
  }

  take(item: T): boolean {
    this.wake(undefined);
    // A reader that was released has taken its reads back, and told nobody.
    if (!this.#stream.locked) return false;
    this.#controller.enqueue(item);
    return true;
  }

  end(): void {
    this.wake(undefined);
    this.#controller.close();
  }
}

/** The items of a queue as a stream that takes one for each read. */
export function readableOf<T>(exchange: Exchange<T>): ReadableStream<T> {
  const { getters } = exchange;
  let pull: Pull<T> | undefined;
  const stream: ReadableStream<T> = new ReadableStream<T>({
    pull(controller): Promise<void> | void {
      if (exchange.items.size > 0) {
        controller.enqueue(exchange.take());
        return passed(undefined);
      }
      if (exchange.isShutdown) return controller.close();
      pull = detached(() => new Pull(getters, stream, controller));
      return getters.join(pull) as Promise<void>;
    },
    cancel() {
      pull?.wake(undefined);
    },
  }, { highWaterMark: 0 });
  return stream;
}
