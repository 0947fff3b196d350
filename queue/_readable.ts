/** @module */
import { detached } from "../tasks/detached.ts";
import type { Line } from "../tasks/line.ts";
import { passed, type Place } from "../tasks/waiter.ts";
import { Getter, type Source } from "./_getter.ts";

/**
 * A read that waits. It hands the item to the stream at once, not when its promise has settled: a cancel of the
 * stream in between would lose it.
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

  override take(item: T): boolean {
    this.wake(undefined);
    // A reader that was released has taken its reads back, and told nobody.
    if (!this.#stream.locked) return false;
    this.#controller.enqueue(item);
    return true;
  }

  override end(): void {
    this.wake(undefined);
    this.#controller.close();
  }
}

/** The items of a queue as a stream that takes one for each read. */
export function readableOf<T>(
  source: Source<T>,
  line: Line<unknown, Getter<T>>,
): ReadableStream<T> {
  let pull: Pull<T> | undefined;
  const stream: ReadableStream<T> = new ReadableStream<T>({
    pull(controller): Promise<void> | void {
      if (!source.empty) {
        controller.enqueue(source.getNowait());
        return passed(undefined);
      }
      if (source.isShutdown) return controller.close();
      pull = detached(() => new Pull(line, stream, controller));
      return line.join(pull) as Promise<void>;
    },
    cancel() {
      pull?.wake(undefined);
    },
  }, { highWaterMark: 0 });
  return stream;
}
