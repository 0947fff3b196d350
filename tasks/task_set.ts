/** @module */
import { completionOf } from "./future.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import { LinkedList, type LinkedNode } from "./kernel/linked_list.ts";
import {
  checkCoroutine,
  checkLimit,
  type Coroutine,
  type WaitOptions,
} from "./kernel/types.ts";
import { CapacityLimiter } from "./kernel/wait/capacity_limiter.ts";
import { checkpointIfCancelled, ready } from "./kernel/wait/checkpoint.ts";
import type { Listener } from "./kernel/wait/completion.ts";
import { ShieldedWaiter, WaitQueue } from "./kernel/wait/wait_queue.ts";
import { printable } from "./kernel/watch/inspect.ts";
import { spawn, type Task, type TaskOptions } from "./task.ts";

type Next<T> = IteratorResult<Task<T>, undefined>;

/** A task of a set: a link of one of its lists. */
class Member<T> implements Listener, LinkedNode<Member<T>> {
  previousSibling: Member<T> | undefined = undefined;
  nextSibling: Member<T> | undefined = undefined;
  readonly task: Task<T>;
  readonly #waiters: WaitQueue<Next<T>>;
  readonly #ended: (member: Member<T>) => void;

  constructor(
    task: Task<T>,
    waiters: WaitQueue<Next<T>>,
    ended: (member: Member<T>) => void,
  ) {
    this.task = task;
    this.#waiters = waiters;
    this.#ended = ended;
  }

  /** Who waits for the next task. */
  get awaiter(): object | undefined {
    return this.#waiters.first?.scope.task;
  }

  settled(): void {
    this.#ended(this);
  }
}

/**
 * Tasks that are handed out as they end, while more of them are started.
 * tokio's `JoinSet`; asyncio has `asCompleted` alone, which takes no more once
 * it has begun.
 *
 * - {@linkcode TaskSet.next} gives the next task that has ended, in the order
 *   in which they end, each once; the set is its own iterator. `await task`
 *   then gives its value, or throws.
 * - One that fails ends no other: for that there is {@linkcode taskGroup}. An
 *   error that is not retrieved is reported as that of any task.
 * - With `limit` at most so many run at a time; the others wait to start.
 * - `await using` cancels what still runs, and waits for it, however the block
 *   ends.
 *
 * TypeScript takes what `for await` gives for awaited already, and shows the
 * result's type; it is the task.
 *
 * @typeParam T What the tasks return.
 *
 * @example
 * ```ts
 * import { sleep, TaskSet } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const links: Record<string, string[]> = { "/": ["/a", "/b"], "/a": ["/c"] };
 * async function load(page: string): Promise<string> {
 *   await sleep(1);
 *   return page;
 * }
 *
 * await using pages = new TaskSet<string>({ limit: 2 });
 * pages.createTask(() => load("/"));
 * const seen: string[] = [];
 * for await (const task of pages) {
 *   const page = await task;
 *   seen.push(page);
 *   for (const link of links[page] ?? []) pages.createTask(() => load(link));
 * }
 * assertEquals(seen, ["/", "/a", "/b", "/c"]);
 * ```
 */
export class TaskSet<T> implements AsyncIterable<Task<T>>, AsyncDisposable {
  /** Those that have not ended, oldest first. */
  readonly #running = new LinkedList<Member<T>>();
  /** Those that have ended and were not handed out. */
  readonly #ended = new LinkedList<Member<T>>();
  readonly #waiters = new WaitQueue<Next<T>>("TaskSet.next");
  readonly #idle = new WaitQueue<void>("TaskSet.join");
  readonly #limiter: CapacityLimiter | undefined;
  #isDisposed = false;

  /**
   * Makes an empty set.
   *
   * @param options `limit`: how many run at a time; all unless given.
   * @throws {RangeError} `limit` is not a whole number from 1.
   */
  constructor(options?: { limit?: number | undefined }) {
    const limit = options?.limit ?? Infinity;
    checkLimit(limit, "Cannot make a TaskSet: the limit");
    this.#limiter = limit === Infinity
      ? undefined
      : new CapacityLimiter(limit, "TaskSet's limit");
  }

  /** How many tasks are in it: those that have not been handed out. */
  get size(): number {
    return this.#running.size + this.#ended.size;
  }

  /**
   * Starts a task in the set: as the function {@linkcode createTask}, or, where
   * the set has a limit, as soon as there is room.
   *
   * @throws {TypeError} `coroutine` is no function.
   * @throws {Error} The set was disposed.
   */
  createTask(coroutine: Coroutine<T>, options?: TaskOptions): Task<T> {
    checkCoroutine(coroutine, "createTask");
    if (this.#isDisposed) {
      throw new Error("Cannot start a task in a TaskSet that was disposed");
    }
    const { loop } = currentScope();
    const limiter = this.#limiter;
    const work = limiter === undefined
      ? coroutine
      : () => limiter.enter(currentScope().task!, coroutine);
    const task = spawn(work, loop, options);
    const member = new Member(task, this.#waiters, this.#memberEnded);
    this.#running.add(member);
    completionOf(task).listen(member);
    return task;
  }

  /**
   * Waits for the next task to end, and gives it: as an iterator does, since a
   * promise of a task would be one of its value. When no task is left it is
   * `done`, and goes on if more are started.
   *
   * **Cancel safety:** a task is given to one call; one that is given up takes
   * none.
   *
   * @throws {CancelledError} The task that waits was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  next(
    options?: WaitOptions,
  ): Promise<IteratorResult<Task<T>, undefined>> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    const member = this.#ended.first;
    if (member !== undefined) {
      this.#ended.remove(member);
      return ready({ done: false, value: member.task });
    }
    return this.#running.size === 0
      ? ready({ done: true, value: undefined })
      : this.#waiters.wait(options);
  }

  /**
   * The tasks as they end, until none is left. A loop that is left ends
   * nothing; another one goes on from there.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Task<T>, undefined> {
    return this;
  }

  /** Cancels those that have not ended; they stay in the set. */
  cancel(message?: string): void {
    for (const { task } of [...this.#running]) task.cancel(message);
  }

  /**
   * Waits until all have ended. They stay in the set, for
   * {@linkcode TaskSet.next}.
   *
   * **Cancel safety:** the tasks are left alone.
   *
   * @throws {CancelledError} The task that waits was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  join(options?: WaitOptions): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#running.size === 0
      ? ready(undefined)
      : this.#idle.wait(options);
  }

  /**
   * Cancels all, and waits until they have ended. No task can be started after
   * that.
   *
   * **Cancel safety:** it ends when they have; a cancel meanwhile is delivered
   * at the next wait.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.cancel("the TaskSet was disposed");
    return this.#running.size === 0
      ? ready(undefined)
      : this.#idle.add(new ShieldedWaiter<void>());
  }

  #memberEnded = (member: Member<T>): void => {
    this.#running.remove(member);
    this.#limiter?.leave(member.task);
    const next: Next<T> = { done: false, value: member.task };
    if (!this.#waiters.wake(next)) this.#ended.add(member);
    if (this.#running.size > 0) return;
    this.#waiters.wakeAll({ done: true, value: undefined });
    this.#idle.wakeAll();
  };

  static {
    printable(TaskSet, (set) => ({
      size: set.size,
      running: set.#running.size,
      waiting: set.#waiters.size,
    }));
  }
}
