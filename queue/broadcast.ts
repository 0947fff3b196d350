/** @module */
import {
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
 * Every item to every subscriber. asyncio has none; tokio has
 * `sync::broadcast`, Effect `PubSub`.
 *
 * - A subscriber gets what is published while it is subscribed, in that order,
 *   and at its own pace. Items published while there is none are gone, but for
 *   those that are kept for `replay`.
 * - What happens when one of them is too slow is its own choice: publishers
 *   wait for it, it misses items, or it fails. Those with room are not held up
 *   by others that miss items or fail.
 * - `publish` reaches all subscribers or, given up, none. Those who wait to
 *   publish do so in order of arrival.
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
 * @example What came before, for those who come later
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
  };
  /** How many items have been published. */
  #published = 0;
  /** How many inboxes publishers have to wait for. */
  #blocking = 0;
  #isDelivering = false;
  #isShutdown = false;

  /**
   * Makes one that has no subscribers.
   *
   * @param options `replay`: how many of the last items are kept for those who
   * subscribe later; 0 unless given.
   * @throws {RangeError} `replay` is not a whole number from 0.
   * @throws {TypeError} `replay` is no number.
   */
  constructor(options?: { replay?: number | undefined }) {
    this.#replay = options?.replay ?? 0;
    checkReplay(this.#replay);
  }

  /** How many subscriptions have not ended. */
  get subscribers(): number {
    return this.#inboxes.size;
  }

  /**
   * Gives `item` to every subscriber, and waits before that until there is room
   * at those that publishers wait for.
   *
   * **Cancel safety:** given up, no subscriber gets the item. Once it was let
   * in all of them have it, and a later cancel is delivered at the
   * next wait.
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
      return publishers.add(new Putter(publishers, item, options));
    }
    this.#deliver(item);
    this.#admit();
    return ready(undefined);
  }

  /**
   * Adds a subscriber: it gets all that is published from now on.
   *
   * @throws {RangeError} `maxSize` is `NaN`, or `replay` not a whole number
   * from 0.
   * @throws {TypeError} An option has a value that it cannot have.
   */
  subscribe(options: {
    /**
     * How many items may wait to be taken; 0 or less for no bound, as unless
     * given.
     */
    maxSize?: number | undefined;
    /**
     * What happens when there is no room for an item: `publish` waits
     * (`"wait"`, as unless given); the oldest item is dropped, and counted in
     * {@linkcode Subscription.missed} (`"dropOldest"`); or the subscription
     * gives what it has, and then fails with {@linkcode LaggedError}
     * (`"fail"`).
     */
    overflow?: "wait" | "dropOldest" | "fail" | undefined;
    /**
     * How many of the items that the broadcast has kept it gets at first, the
     * last ones, as far as there is room; 0 unless given.
     */
    replay?: number | undefined;
  } = {}): Subscription<T> {
    const { maxSize = 0, overflow = "wait", replay = 0 } = options;
    checkOverflow(overflow);
    checkReplay(replay);
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
   * Ends the broadcast: `publish` throws from now on, also the calls that wait,
   * and the subscriptions end once what they have is taken. Calling it again is
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
   * Streams among the subscribers may run foreign code meanwhile: what that
   * publishes comes after this, and who subscribes gets the next item.
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

  /** Lets the items of those in who wait to publish, in order. */
  #admit(): void {
    let publisher: Putter<T> | undefined;
    while (
      !this.#mustWait && (publisher = this.#publishers.first) !== undefined
    ) {
      publisher.wake(); // it can't be given up from here on
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
    `overflow is "wait", "dropOldest" or "fail", received ${describe(value)}`,
  );
}

function checkReplay(value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  const Kind = typeof value === "number" ? RangeError : TypeError;
  throw new Kind(
    `replay is a whole number from 0, received ${describe(value)}`,
  );
}
