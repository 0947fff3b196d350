/** @module */
import { completionOf } from "./future.ts";
import { inOnePass } from "./kernel/cancel/cancel_waits.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import { LinkedList, type LinkedNode } from "./kernel/linked_list.ts";
import {
  checkCoroutine,
  checkLimit,
  checkOptions,
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

/** A task of a set: an item of one of its lists. */
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

  /** The task that waits for the next task of the set. */
  get awaiter(): object | undefined {
    return this.#waiters.first?.scope.task;
  }

  settled(): void {
    this.#ended(this);
  }
}

/**
 * Tasks that are handed out as they end, while more are started. As tokio's
 * `JoinSet`; asyncio only has `as_completed`, which takes no more tasks once it
 * has begun.
 *
 * - {@linkcode TaskSet.next} resolves to the next task that has ended, each
 *   task once, in the order of their ends. The set is its own iterator.
 *   `await task` then returns its value, or throws.
 * - A task that fails ends no other: for that use {@linkcode taskGroup}. An
 *   error that is not retrieved is reported, as that of any task.
 * - With `limit`, at most that many tasks run at a time. The others wait to start.
 * - `await using` cancels the tasks that still run, and waits for them, however
 *   the block ends.
 *
 * TypeScript takes the items of `for await` for awaited, and shows the type of
 * the result, but they are tasks.
 *
 * @typeParam T The type of the tasks' results.
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
  /** The tasks that have not ended, oldest first. */
  readonly #running = new LinkedList<Member<T>>();
  /** The tasks that have ended and were not handed out. */
  readonly #ended = new LinkedList<Member<T>>();
  readonly #waiters = new WaitQueue<Next<T>>("TaskSet.next");
  readonly #idle = new WaitQueue<void>("TaskSet.join");
  readonly #limiter: CapacityLimiter | undefined;
  #isDisposed = false;
  /** The last call of `cancel`. */
  #lastCancel: { readonly message: string | undefined } | undefined = undefined;

  /**
   * Makes an empty set.
   *
   * @param options `limit`: how many tasks run at a time; all unless given.
   * @throws {RangeError} `limit` is not a whole number from 1.
   */
  constructor(options?: { limit?: number | undefined }) {
    checkOptions(options, "make a TaskSet");
    const limit = options?.limit ?? Infinity;
    checkLimit(limit, "Cannot make a TaskSet: the limit");
    this.#limiter = limit === Infinity
      ? undefined
      : new CapacityLimiter(limit, "TaskSet's limit");
  }

  /** How many tasks have not been handed out. */
  get size(): number {
    return this.#running.size + this.#ended.size;
  }

  /**
   * Starts a task in the set: as the function {@linkcode createTask}, or, if
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
    const before = this.#lastCancel;
    const task = spawn(work, loop, options);
    const cancel = this.#lastCancel;
    // The first step of an eager task may have cancelled the set.
    if (cancel !== before) task.cancel(cancel!.message);
    const member = new Member(task, this.#waiters, this.#memberEnded);
    this.#running.add(member);
    completionOf(task).listen(member);
    return task;
  }

  /**
   * Waits for the next task to end. Resolves to an iterator result with the
   * task (a promise of the task itself would resolve to its value). If no task
   * is left, it resolves to `done`; later calls go on if more tasks are
   * started.
   *
   * **Cancel safety:** each task goes to one call. A call that is cancelled or
   * aborted takes none.
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
   * Iterates over the tasks as they end, until none is left. Leaving the loop
   * ends nothing: the next loop goes on from there.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Task<T>, undefined> {
    return this;
  }

  /** Cancels the tasks that have not ended. They stay in the set. */
  cancel(message?: string): void {
    this.#lastCancel = { message };
    inOnePass(() => {
      for (const { task } of [...this.#running]) task.cancel(message);
    });
  }

  /**
   * Waits until all tasks have ended. They stay in the set, for
   * {@linkcode TaskSet.next}.
   *
   * **Cancel safety:** the tasks go on.
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
   * Cancels all tasks, and waits until they have ended. No task can be started
   * after that.
   *
   * **Cancel safety:** it resolves when they have ended. A cancel meanwhile is
   * delivered at the next wait.
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
