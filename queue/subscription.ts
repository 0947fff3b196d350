/** @module */
import { printable } from "../tasks/kernel/watch/inspect.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import type { Inbox } from "./_inbox.ts";
import { QueueIterator } from "./_iterator.ts";
import { readableOf } from "./_web_streams.ts";

/** Makes the subscription that reads from `inbox`: for `Broadcast`. */
export let subscriptionOf: <T>(
  inbox: Inbox<T>,
  unsubscribe: () => void,
) => Subscription<T>;

/**
 * One receiver of a {@linkcode Broadcast}: it gets every item published while it
 * is subscribed. Made by {@linkcode Broadcast.subscribe}.
 *
 * - Items come in the order in which they were published. Several calls that wait
 *   on one subscription share its items, first come, first served.
 * - It ends when it is disposed of, best by `using`. It also ends with the
 *   broadcast, after the items published before.
 * - A subscription that is neither read nor disposed of fills up. Then its
 *   `overflow` decides whether publishers wait, it misses items, or it fails.
 *
 * @typeParam T The items.
 *
 * @example
 * ```ts
 * import { Broadcast } from "@asyncio/asyncio/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const news = new Broadcast<string>();
 * {
 *   using subscription = news.subscribe();
 *   await news.publish("rain");
 *   assertEquals(await subscription.get(), "rain");
 * }
 * assertEquals(news.subscribers, 0);
 * ```
 */
export class Subscription<T> implements AsyncIterable<T>, Disposable {
  readonly #inbox: Inbox<T>;
  readonly #unsubscribe: () => void;
  #readable: ReadableStream<T> | undefined = undefined;

  private constructor(inbox: Inbox<T>, unsubscribe: () => void) {
    this.#inbox = inbox;
    this.#unsubscribe = unsubscribe;
  }

  /** How many items it has missed because it had no room. */
  get missed(): number {
    return this.#inbox.missed;
  }

  /**
   * Takes the next item, and waits for one if there is none.
   *
   * **Cancel safety:** given up, it takes no item. Once it has an item, it
   * resolves to that, and a later cancel is delivered at the next wait.
   *
   * @throws {QueueShutDownError} There will be no more items: the broadcast was
   * shut down, or the subscription was disposed of, also while this waits.
   * @throws {LaggedError} It was too slow, with the overflow `"fail"`, and the
   * items before that have been taken.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  get(options?: WaitOptions): Promise<T> {
    return this.#inbox.get(options);
  }

  /**
   * Takes the next item, now or not at all.
   *
   * @throws {QueueEmptyError} There is none.
   * @throws {QueueShutDownError} There will be no more.
   * @throws {LaggedError} As {@linkcode Subscription.get}.
   */
  getNowait(): T {
    return this.#inbox.getNowait();
  }

  /**
   * Takes items until there will be no more. Leaving the loop does not end the
   * subscription; disposing of it does.
   *
   * **Cancel safety:** each `next()` is a wait like {@linkcode
   * Subscription.get}. `return()`, which ends the iteration, also ends a
   * `next()` that waits.
   *
   * @throws {LaggedError} As {@linkcode Subscription.get}.
   */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return new QueueIterator(this.#inbox);
  }

  /**
   * The items as a Web Stream, the same one every time. It takes one item for each
   * read, and ends or fails as the iteration does. Cancelling it ends the
   * subscription.
   *
   * **Cancel safety:** its reads are waits of no task: they end with the stream
   * or the subscription.
   *
   * @example Server-sent events
   * ```ts
   * import { Broadcast } from "@asyncio/asyncio/queue";
   * import { assertEquals } from "@std/assert";
   *
   * const news = new Broadcast<string>();
   *
   * function handler(): Response {
   *   const { readable } = news.subscribe({ maxSize: 100, overflow: "fail" });
   *   return new Response(readable.pipeThrough(new TextEncoderStream()));
   * }
   * const response = handler();
   * await news.publish("data: rain\n\n");
   * news.shutdown();
   * assertEquals(await response.text(), "data: rain\n\n");
   * ```
   */
  get readable(): ReadableStream<T> {
    return this.#readable ??= readableOf(this.#inbox, this.#unsubscribe);
  }

  /**
   * Ends the subscription and drops the items that were not taken. Calls that wait
   * reject; iterations and the stream end.
   */
  [Symbol.dispose](): void {
    this.#unsubscribe();
  }

  static {
    subscriptionOf = (inbox, unsubscribe) =>
      new Subscription(inbox, unsubscribe);
    printable(Subscription, (subscription) => {
      const { items, getters, missed } = subscription.#inbox;
      return { size: items.size, getters: getters.size, missed };
    });
  }
}
