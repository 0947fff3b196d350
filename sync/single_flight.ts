/** @module */
import { runInFrame } from "../tasks/kernel/context/current_scope.ts";
import {
  checkCoroutine,
  type Coroutine,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { QueuedWaiter, WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { createTask } from "../tasks/create_task.ts";
import type { Task } from "../tasks/task.ts";
import { isCancelled } from "../tasks/kernel/errors.ts";
import type { CancelScope } from "../tasks/kernel/cancel/cancel_scope.ts";
import { settle } from "./_settle.ts";

const UNWANTED = "nothing waits for it any more";

/** A call that waits, with the work that it would start. */
class Call<V> extends QueuedWaiter<V> {
  readonly work: Coroutine<V>;

  constructor(work: Coroutine<V>, options?: WaitOptions) {
    super(options);
    this.work = work;
  }

  /**
   * The last call to leave cancels the work, which may call foreign listeners.
   */
  override get endsAtOnce(): boolean {
    return false;
  }
}

/** The work under way for one key, and the calls that wait for its result. */
class Flight<V> extends WaitQueue<V, Call<V>> {
  readonly #whenEmpty: () => void;
  #task: Task<void> | undefined = undefined;
  /** The first step of the work may call `run` for its own key. */
  #isStarting = false;
  /** Whether the work was cancelled: the calls in the queue came after that. */
  #isCancelled = false;

  /** @param whenEmpty Called when no work is under way and no call waits. */
  constructor(whenEmpty: () => void) {
    super("SingleFlight.run");
    this.#whenEmpty = whenEmpty;
  }

  call(work: Coroutine<V>, options: WaitOptions | undefined): Promise<V> {
    const waiter = new Call(work, options);
    this.add(waiter);
    if (this.#task === undefined && !this.#isStarting) this.#start();
    return waiter.begun();
  }

  override remove(call: Call<V>): void {
    super.remove(call);
    if (this.first !== undefined || this.#isCancelled) return;
    this.#isCancelled = true;
    this.#task?.cancel(UNWANTED);
  }

  /**
   * Starts the work of the first call, as a task with the context of that call.
   */
  #start(): void {
    let call: Call<V> | undefined;
    while ((call = this.first) !== undefined) {
      this.#isCancelled = false;
      this.#isStarting = true;
      try {
        this.#task = this.#taskOf(call);
      } catch (error) {
        call.fail(error); // the run of the call has ended
        continue;
      } finally {
        this.#isStarting = false;
      }
      // The first step of the work may have ended the call that started it.
      if (this.#isCancelled) this.#task.cancel(UNWANTED);
      return;
    }
    this.#whenEmpty();
  }

  #taskOf({ scope, work }: Call<V>): Task<void> {
    const settled = (end: PromiseSettledResult<V>) => this.#settled(end, scope);
    const options = { name: "SingleFlight.run", eager: true };
    return runInFrame(
      scope.frame,
      () => createTask<void>(() => settle(work, settled), options),
    );
  }

  #settled(end: PromiseSettledResult<V>, { loop }: CancelScope): void {
    if (this.#isCancelled) {
      if (end.status === "rejected" && !isCancelled(end.reason)) {
        const message =
          "Exception in the work of a SingleFlight after all its callers have given up";
        loop.report({ message, error: end.reason });
      }
      return this.#start();
    }
    this.#task = undefined; // calls that leave now have their result
    this.#whenEmpty();
    if (end.status === "fulfilled") this.wakeAll(end.value);
    else this.failAll(end.reason);
  }
}

/**
 * One piece of work at a time for each key: calls for a key whose work is under
 * way share its result. asyncio has no counterpart; Go has
 * `singleflight.Group`.
 *
 * - All calls get the same value, or the same error. Nothing is cached: the
 *   next call after the end starts its own work.
 * - The work starts at once, as a task of its own, with the context variables
 *   of the call that started it, and outside of that call's timeouts.
 * - If all calls have given up, the work is cancelled. A call that comes while
 *   the work cleans up waits for its end, and then starts its own work.
 * - Work that calls `run` for its own key waits for itself.
 *
 * @typeParam K The type of the keys, compared as those of a `Map`.
 * @typeParam V The type of the work's results.
 *
 * @example
 * ```ts
 * import { SingleFlight } from "@asyncio/asyncio/sync";
 * import { gather, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const flights = new SingleFlight<string, string>();
 * let loads = 0;
 *
 * function load(key: string): Promise<string> {
 *   return flights.run(key, async () => {
 *     loads++;
 *     await sleep(1);
 *     return key.toUpperCase();
 *   });
 * }
 * assertEquals(await gather(["a", "b", "a"].map((key) => () => load(key))), [
 *   "A",
 *   "B",
 *   "A",
 * ]);
 * assertEquals(loads, 2);
 * ```
 */
export class SingleFlight<K, V> {
  readonly #flights = new Map<K, Flight<V>>();

  /**
   * Waits for the work under way for `key`, or starts `work`, and resolves to
   * its value.
   *
   * **Cancel safety:** a call that is cancelled or aborted leaves, and the work
   * goes on for the others. The last call to leave cancels it. Once the work
   * has ended, this settles as the work did, and a later cancel is delivered at
   * the next wait.
   *
   * @param key What the work is for.
   * @param work Called if no work for `key` is under way.
   * @throws {TypeError} `work` is no function.
   * @throws What the work throws.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  run(key: K, work: Coroutine<V>, options?: WaitOptions): Promise<V> {
    try {
      checkCoroutine(work, "run");
    } catch (error) {
      return Promise.reject(error);
    }
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = new Flight<V>(() => this.#flights.delete(key));
      this.#flights.set(key, flight);
    }
    return flight.call(work, options);
  }

  static {
    printable(SingleFlight, (group) => {
      let waiting = 0;
      for (const { size } of group.#flights.values()) waiting += size;
      return { keys: group.#flights.size, waiting };
    });
  }
}
