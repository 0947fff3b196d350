/** @module */
import {
  checkOptions,
  checkWhole,
  describe,
  isThenable,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { Putter } from "./_channel_waits.ts";
import { type Hub, Inbox, type InboxOverflow } from "./_inbox.ts";
import { shutDownPutError, thenableItemError } from "./errors.ts";
import { Ring } from "./store/ring.ts";
import { type Subscription, subscriptionOf } from "./subscription.ts";

const OVERFLOWS: readonly unknown[] = ["wait", "dropOldest", "fail"];

/**
 * Delivers every item to every subscriber. asyncio has no counterpart; tokio has
 * `sync::broadcast`, Effect has `PubSub`.
 *
 * - A subscriber gets the items that are published while it is subscribed, in
 *   order, at its own pace. An item that is published without subscribers is gone,
 *   unless it is kept for `replay`.
 * - Each subscriber chooses what happens when it is too slow: publishers wait for
 *   it, it misses items, or it fails.
 * - `publish` reaches all subscribers or, given up, none. Calls that wait are
 *   served in order of arrival.
 *
 * @typeParam T The items. One with a `then`, such as a promise, is refused, as
 * `await subscription.get()` would wait for it.
 *
 * @example
 * ```ts
 * import { Broadcast } from "@asyncio/asyncio/queue";
 * import { taskGroup } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const prices = new Broadcast<number>();
 * const seen: string[] = [];
 *
 * await taskGroup(async (group) => {
 *   for (const name of ["a", "b"]) {
 *     const subscription = prices.subscribe({ maxSize: 10 });
 *     group.createTask(async () => {
 *       using _ = subscription;
 *       for await (const price of subscription) seen.push(`${name} ${price}`);
 *     });
 *   }
 *   await prices.publish(7);
 *   await prices.publish(8); // waits while one of them has 10 to read
 *   prices.shutdown();
 * });
 * assertEquals(seen.sort(), ["a 7", "a 8", "b 7", "b 8"]);
 * ```
 *
 * @example The last items, for a late subscriber
 * ```ts
 * import { Broadcast } from "@asyncio/asyncio/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const log = new Broadcast<string>({ replay: 100 });
 * for (const line of ["one", "two", "three"]) await log.publish(line);
 * using tail = log.subscribe({ replay: 2 });
 * assertEquals([tail.getNowait(), tail.getNowait()], ["two", "three"]);
 * ```
 */
export class Broadcast<T> {
  readonly #inboxes = new Set<Inbox<T>>();
  readonly #publishers = new WaitQueue<void, Putter<T>>("Broadcast.publish");
  readonly #replay: number;
  readonly #kept = new Ring<T>();
  readonly #hub: Hub<T> = {
    roomChanged: (inbox) => this.#noteRoom(inbox),
    dispense: () => this.#admit(),
  };
  /** How many items have been published. */
  #published = 0;
  /** How many full inboxes publishers have to wait for. */
  #blocking = 0;
  #isDelivering = false;
  #isShutdown = false;

  /**
   * Makes a broadcast without subscribers.
   *
   * @param options `replay`: how many of the last items are kept for later
   * subscribers; 0 unless given.
   * @throws {RangeError} `replay` is not a whole number from 0.
   * @throws {TypeError} `replay` is not a number.
   */
  constructor(options?: { replay?: number | undefined }) {
    checkOptions(options, "make a Broadcast");
    this.#replay = options?.replay ?? 0;
    checkWhole(this.#replay, "Cannot make a Broadcast: replay", 0);
  }

  /** How many subscriptions have not been disposed of. */
  get subscribers(): number {
    return this.#inboxes.size;
  }

  /**
   * Waits until there is room at all subscribers that publishers wait for, and
   * then delivers `item` to every subscriber at once.
   *
   * **Cancel safety:** given up, no subscriber gets the item. Once it was
   * delivered all of them have it, and a later cancel is delivered at the next
   * wait.
   *
   * @throws {TypeError} `item` has a `then`.
   * @throws {QueueShutDownError} The broadcast is shut down, or is while this
   * waits; the error has the item.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  publish(item: T, options?: WaitOptions): Promise<void> {
    if (isThenable(item)) return Promise.reject(thenableItemError());
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#isShutdown) return readyError(shutDownPutError(item));
    const publishers = this.#publishers;
    if (this.#mustWait || publishers.first !== undefined) {
      return publishers.add(new Putter(item, options));
    }
    this.#deliver(item);
    this.#admit();
    return ready(undefined);
  }

  /**
   * Adds a subscriber: it gets every item published from now on.
   *
   * @throws {RangeError} `maxSize` is `NaN`, or `replay` not a whole number
   * from 0.
   * @throws {TypeError} An option has a value that it cannot have.
   */
  subscribe(options?: {
    /**
     * How many items it holds until they are taken; 0 or less, the default, for
     * no bound.
     */
    maxSize?: number | undefined;
    /**
     * What happens if there is no room for an item. With `"wait"`, the default,
     * `publish` waits. With `"dropOldest"` the oldest item is dropped, and
     * {@linkcode Subscription.missed} counts it. With `"fail"` the subscription
     * fails with {@linkcode LaggedError} after the items that it holds.
     */
    overflow?: "wait" | "dropOldest" | "fail" | undefined;
    /**
     * How many of the items that the broadcast has kept it gets first, the last
     * ones, as far as it has room; 0 unless given.
     */
    replay?: number | undefined;
  }): Subscription<T> {
    checkOptions(options, "subscribe");
    const { maxSize = 0, overflow = "wait", replay = 0 } = options ?? {};
    checkOverflow(overflow);
    checkWhole(replay, "Cannot subscribe: replay", 0);
    const inbox = new Inbox<T>(maxSize, {
      policy: overflow,
      hub: this.#hub,
      from: this.#published,
    });
    const room = maxSize > 0 ? Math.min(replay, Math.ceil(maxSize)) : replay;
    if (room > 0) {
      for (const item of this.#kept.values().slice(-room)) inbox.deliver(item);
    }
    if (this.#isShutdown) inbox.shutdown(false);
    this.#inboxes.add(inbox);
    return subscriptionOf(inbox, () => {
      this.#inboxes.delete(inbox);
      inbox.shutdown(true);
    });
  }

  /**
   * Ends the broadcast: `publish` rejects from now on, also the calls that wait,
   * and a subscription ends after the items that it holds. Calling it again is
   * harmless.
   *
   * @example
   * ```ts
   * import { Broadcast, QueueShutDownError } from "@asyncio/asyncio/queue";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * const news = new Broadcast<string>();
   * using subscription = news.subscribe();
   * await news.publish("last");
   * news.shutdown();
   * await assertRejects(() => news.publish("late"), QueueShutDownError);
   * assertEquals(await Array.fromAsync(subscription), ["last"]);
   * ```
   */
  shutdown(): void {
    this.#isShutdown = true;
    let publisher: Putter<T> | undefined;
    while ((publisher = this.#publishers.first) !== undefined) {
      publisher.fail(shutDownPutError(publisher.item));
    }
    for (const inbox of this.#inboxes) inbox.shutdown(false);
  }

  get #mustWait(): boolean {
    return this.#blocking > 0 || this.#isDelivering;
  }

  /**
   * If a subscriber is a stream, other code may run meanwhile. An item that this
   * code publishes is delivered after the present one, and a subscriber that it
   * adds gets the next one.
   */
  #deliver(item: T): void {
    const number = this.#published++;
    this.#keep(item);
    this.#isDelivering = true;
    for (const inbox of this.#inboxes) {
      if (inbox.from <= number) inbox.deliver(item);
    }
    this.#isDelivering = false;
  }

  #keep(item: T): void {
    if (this.#replay === 0) return;
    if (this.#kept.size === this.#replay) this.#kept.take();
    this.#kept.add(item);
  }

  #noteRoom(inbox: Inbox<T>): void {
    const { isBlocked } = inbox;
    if (isBlocked === inbox.isBlocking) return;
    inbox.isBlocking = isBlocked;
    this.#blocking += isBlocked ? 1 : -1;
    this.#admit();
  }

  /** Delivers the items of the calls that wait, in order. */
  #admit(): void {
    let publisher: Putter<T> | undefined;
    while (
      !this.#mustWait && (publisher = this.#publishers.first) !== undefined
    ) {
      if (publisher.givesWay(this.#hub)) return;
      publisher.wake(); // from here on the call cannot be given up
      this.#deliver(publisher.item);
    }
  }

  static {
    printable(Broadcast, (broadcast) => ({
      subscribers: broadcast.subscribers,
      publishers: broadcast.#publishers.size,
      isShutdown: broadcast.#isShutdown || undefined,
    }));
  }
}

function checkOverflow(value: unknown): asserts value is InboxOverflow {
  if (OVERFLOWS.includes(value)) return;
  throw new TypeError(
    `Cannot subscribe: overflow is "wait", "dropOldest" or "fail", received ${
      describe(value)
    }`,
  );
}
