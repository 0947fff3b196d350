/** @module */
import {
  describe,
  isThenable,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { LatestValues, Watched } from "./_watched.ts";

/**
 * A value that changes, and of which only the latest matters: settings, a state,
 * progress. asyncio has no counterpart; tokio has `sync::watch`, Effect has
 * `SubscriptionRef`.
 *
 * - Setting it never waits, and wakes the calls that wait. An equal value, by
 *   `Object.is`, is no change.
 * - A slow reader misses values in between, but never the last one. To get all
 *   of them, subscribe to a {@linkcode Broadcast}.
 *
 * @typeParam T The value. One with a `then`, such as a promise, is refused, as
 * awaiting it would wait for that.
 *
 * @example
 * ```ts
 * import { Watch } from "@asyncio/asyncio/queue";
 * import { createTask } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const progress = new Watch(0);
 * const shown: number[] = [];
 * const display = createTask(async () => {
 *   for await (const percent of progress) {
 *     shown.push(percent);
 *     if (percent === 100) break;
 *   }
 * });
 * const half = createTask(() => progress.waitFor((percent) => percent >= 50));
 * await new Promise((resolve) => setTimeout(resolve));
 *
 * for (const percent of [10, 60, 100]) progress.value = percent;
 * await display;
 * assertEquals(shown.at(-1), 100); // the values between may be missing
 * assertEquals(await half, 60);
 * ```
 */
export class Watch<T> implements AsyncIterable<T> {
  readonly #watched: Watched<T>;

  /**
   * Makes a watch.
   *
   * @param value The first value.
   * @throws {TypeError} `value` has a `then`.
   */
  constructor(value: T) {
    checkValue(value);
    this.#watched = new Watched(value);
  }

  /**
   * The value. Setting another one wakes the calls that wait for a change;
   * setting one with a `then` throws a `TypeError`.
   */
  get value(): T {
    return this.#watched.value;
  }

  set value(value: T) {
    checkValue(value);
    this.#watched.set(value);
  }

  /**
   * Sets the value to what `f` returns for it; if `f` throws, nothing changes.
   *
   * @throws {TypeError} `f` returns something with a `then`.
   *
   * @example
   * ```ts
   * import { Watch } from "@asyncio/asyncio/queue";
   * import { assertEquals } from "@std/assert";
   *
   * const users = new Watch<readonly string[]>([]);
   * users.update((list) => [...list, "ada"]);
   * assertEquals(users.value, ["ada"]);
   * ```
   */
  update(f: (value: T) => T): void {
    this.value = f(this.value);
  }

  /**
   * Waits for the next change from now on, and resolves to the new value.
   *
   * **Cancel safety:** given up, it leaves nothing behind. Once the value has
   * changed, it resolves, and a later cancel is delivered at the next wait.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  changed(options?: WaitOptions): Promise<T> {
    return checkpointIfCancelled(options) ?? this.#watched.changed(options);
  }

  /**
   * Waits until `predicate` returns something truthy for the value, and resolves to
   * that value.
   *
   * The predicate is called at once, and then with every value, by the code that
   * sets it. So it misses no value, even if there is another one before the waiting
   * code resumes.
   *
   * **Cancel safety:** as of {@linkcode Watch.changed}.
   *
   * @throws {TypeError} `predicate` is not a function, or returns a promise.
   * @throws What `predicate` throws.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   *
   * @example
   * ```ts
   * import { Watch } from "@asyncio/asyncio/queue";
   * import { assertEquals } from "@std/assert";
   *
   * const connection = new Watch("connecting");
   * const open = connection.waitFor((state) => state === "open");
   * connection.value = "open";
   * connection.value = "closed";
   * assertEquals(await open, "open");
   * ```
   */
  waitFor(
    predicate: (value: T) => unknown,
    options?: WaitOptions,
  ): Promise<T> {
    try {
      checkPredicate(predicate);
      return checkpointIfCancelled(options) ??
        this.#watched.until(predicate, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The current value, and then the latest each time it has changed. It never ends
   * by itself.
   *
   * **Cancel safety:** each `next()` is a wait like {@linkcode Watch.changed}.
   * `return()`, which ends the iteration, also ends a `next()` that waits.
   */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return new LatestValues(this.#watched);
  }

  static {
    printable(Watch, (watch) => ({
      value: watch.value,
      waiting: watch.#watched.watchers.size,
    }));
  }
}

function checkValue(value: unknown): void {
  if (!isThenable(value)) return;
  throw new TypeError(
    "Cannot set the value: it has no `then`, as awaiting it would wait for that: put it into an object",
  );
}

function checkPredicate(predicate: unknown): void {
  if (typeof predicate === "function") return;
  throw new TypeError(
    `Cannot wait: the predicate is a function of the value, received ${
      describe(predicate)
    }`,
  );
}
