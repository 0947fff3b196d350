/** @module */
import { completionOf } from "./future.ts";
import type { BlockScope } from "./kernel/cancel/block_scope.ts";
import { inOnePass } from "./kernel/cancel/cancel_waits.ts";
import {
  callInScope,
  currentScope,
  openScope,
  runInScope,
  scopeOfCaller,
} from "./kernel/context/current_scope.ts";
import {
  cancellation,
  type CancelledError,
  isCancelled,
} from "./kernel/errors.ts";
import { LinkedList, type LinkedNode } from "./kernel/linked_list.ts";
import {
  checkCoroutine,
  checkFunction,
  checkLimit,
  checkOptions,
  type Coroutine,
} from "./kernel/types.ts";
import {
  checkpointIfCancelled,
  checkpointOnEntry,
  ignoreCancelRejection,
  ready,
} from "./kernel/wait/checkpoint.ts";
import { CapacityLimiter } from "./kernel/wait/capacity_limiter.ts";
import type { Listener } from "./kernel/wait/completion.ts";
import { composite } from "./kernel/wait/handed_wait.ts";
import { ShieldedWaiter, WaitQueue } from "./kernel/wait/wait_queue.ts";
import { noteMade } from "./kernel/watch/user_frame.ts";
import { printable } from "./kernel/watch/inspect.ts";
import { spawn, type Task, type TaskOptions } from "./task.ts";

/** A task of a group that has not ended: an item of the group's list. */
export class Child implements Listener, LinkedNode<Child> {
  previousSibling: Child | undefined = undefined;
  nextSibling: Child | undefined = undefined;
  readonly task: Task<unknown>;
  /** The task that waits for the group. */
  readonly awaiter: object | undefined;
  readonly #ended: (child: Child) => void;

  constructor(
    task: Task<unknown>,
    awaiter: object | undefined,
    ended: (child: Child) => void,
  ) {
    this.task = task;
    this.awaiter = awaiter;
    this.#ended = ended;
  }

  settled(): void {
    this.#ended(this);
  }
}

/** How a group ends, apart from the errors of its children. */
interface Ending {
  /** What the body has returned. */
  value: unknown;
  /** What the body has thrown. */
  readonly errors: unknown[];
  /** The cancels from outside the group. */
  readonly outerCancels: CancelledError[];
}

let open!: (scope: BlockScope, limit: number) => TaskGroup;
let runBody!: <T>(
  group: TaskGroup,
  body: (group: TaskGroup) => PromiseLike<T> | T,
) => Promise<T | undefined>;

/**
 * Tasks that end together. Made by {@linkcode taskGroup}. Mirrors
 * `asyncio.TaskGroup`.
 *
 * @example The first answer ends the group
 * ```ts
 * import { sleep, type TaskGroup, taskGroup } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const answers: string[] = [];
 * async function ask(group: TaskGroup, server: string, ms: number) {
 *   await sleep(ms);
 *   answers.push(server);
 *   group.cancel();
 * }
 * await taskGroup((group) => {
 *   group.createTask(() => ask(group, "near", 1));
 *   group.createTask(() => ask(group, "far", 60_000));
 * });
 * assertEquals(answers, ["near"]);
 * ```
 */
export class TaskGroup {
  readonly #scope: BlockScope;
  readonly #children = new LinkedList<Child>();
  readonly #errors: unknown[] = [];
  readonly #idle = new WaitQueue<void>("taskGroup");
  readonly #limiter: CapacityLimiter | undefined;
  #state: "open" | "ending" | "over" = "open";
  #bodyRuns = true;

  private constructor(scope: BlockScope, limit: number) {
    this.#scope = scope;
    this.#limiter = limit === Infinity
      ? undefined
      : new CapacityLimiter(limit, "TaskGroup's limit");
  }

  /**
   * Starts a child: as the function {@linkcode createTask}, or, if the group
   * has a limit, as soon as there is room. Children may start more. Mirrors
   * `asyncio.TaskGroup.create_task`.
   *
   * @throws {TypeError} `coroutine` is no function.
   * @throws {Error} The group is ending, or has ended.
   */
  createTask<T>(coroutine: Coroutine<T>, options?: TaskOptions): Task<T> {
    checkCoroutine(coroutine, "createTask");
    checkOptions(options, "create a task");
    return this.#spawn(coroutine, options, this.#childEnded);
  }

  /**
   * Starts a child, waits until the child calls `started` with a value, and
   * resolves to that value. As Trio's `Nursery.start`.
   *
   * If the child fails before it calls `started`, this rejects with the error.
   * After that, the error is one of the group.
   *
   * **Cancel safety:** a cancel before the child is ready cancels the child,
   * and this rejects when the child has ended.
   *
   * @throws {Error} The child ended without calling `started`; or the group is
   * over.
   *
   * @example
   * ```ts
   * import { sleep, taskGroup } from "@asyncio/asyncio/tasks";
   * import { assertEquals } from "@std/assert";
   *
   * await taskGroup(async (group) => {
   *   const port = await group.start(async (started) => {
   *     await sleep(1); // binds a socket
   *     started(8080);
   *     await sleep(60_000); // serves
   *   });
   *   assertEquals(port, 8080);
   *   group.cancel();
   * });
   * ```
   */
  start<V>(
    child: (started: (value: V) => void) => unknown,
    options?: TaskOptions,
  ): Promise<V> {
    return composite(() => this.#start(child, options));
  }

  async #start<V>(
    child: (started: (value: V) => void) => unknown,
    options: TaskOptions | undefined,
  ): Promise<V> {
    checkFunction(child, "Cannot start a child: it");
    checkOptions(options, "create a task");
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return await rejection;
    const whenReady = new WaitQueue<V>("TaskGroup.start");
    let isReady = false;
    let value!: V;
    const starting = async () =>
      await child((given) => {
        if (isReady) {
          throw new Error("Cannot call started(): it was called already");
        }
        isReady = true;
        value = given;
        whenReady.wake(given);
      });
    const whenEnded = new WaitQueue<void>("TaskGroup.start");
    let hasEnded = false;
    const task = this.#spawn(starting, options, (child) => {
      hasEnded = true;
      if (!isReady) whenReady.failAll(failureBeforeReady(child.task));
      this.#ended(child, isReady);
      whenEnded.wakeAll();
    });
    try {
      if (isReady) return await ready(value);
      // The first step of an eager child may have cancelled this task.
      return await (checkpointIfCancelled() ?? whenReady.wait());
    } catch (error) {
      task.cancel();
      if (!hasEnded) await whenEnded.add(new ShieldedWaiter<void>());
      const { state, error: failure } = completionOf(task);
      if (isReady || state !== "failed") throw error;
      if (isCancelled(error)) currentScope().renew(error);
      throw failure; // also if the child failed after the cancel
    }
  }

  /**
   * Ends the group without an error: its children and its body are cancelled.
   * Does nothing if the group has ended. Mirrors `asyncio.TaskGroup.cancel`.
   */
  cancel(): void {
    if (this.#state === "over") return;
    this.#end(cancellation(this.#scope.loop, "the group was cancelled"));
  }

  /**
   * Makes a child, which counts against the limit. `ended` is called when it
   * has ended, but never before this returns: the caller has to see the child
   * before the group ends.
   */
  #spawn<T>(
    coroutine: Coroutine<T>,
    options: TaskOptions | undefined,
    ended: (child: Child) => void,
  ): Task<T> {
    if (this.#state !== "open") {
      throw new Error(
        `Cannot create a task: its group is ${this.#state}`,
      );
    }
    const limiter = this.#limiter;
    const scope = this.#scope;
    const work = () => {
      const child = currentScope();
      child.group = scope;
      return limiter === undefined
        ? coroutine()
        : limiter.enter(child.task!, coroutine);
    };
    const { loop, task: owner } = scope;
    const task = spawn(work, loop, options);
    const child = new Child(task, owner, ended);
    this.#children.add(child);
    this.#cancelWhenEnding(task); // an eager first step may have ended the group
    if (!task.done) completionOf(task).listen(child);
    else loop.soon({ run: () => ended(child), runsUserCode: false });
    return task;
  }

  #cancelWhenEnding(task: Task<unknown>): void {
    if (this.#state === "ending") task.cancel("the group was cancelled");
  }

  #childEnded = (child: Child): void => this.#ended(child, true);

  /** @param counts Whether a failure of the child is one of the group. */
  #ended(child: Child, counts: boolean): void {
    const { task } = child;
    this.#children.remove(child);
    if (!task.cancelled) {
      const error = task.exception();
      const failed = completionOf(task).state === "failed";
      if (failed && counts) this.#fail(error);
    }
    this.#limiter?.leave(task);
    if (this.#children.size === 0) this.#idle.wakeAllInOrder();
  }

  #fail(error: unknown): void {
    this.#errors.push(error);
    const message = "a task of the group failed";
    this.#end(cancellation(this.#scope.loop, message, { cause: error }));
  }

  /** Cancels everything in the group, once. */
  #end(error: CancelledError): void {
    if (this.#state === "ending") return;
    this.#state = "ending";
    inOnePass(() => {
      if (this.#bodyRuns) this.#scope.cancel(error, scopeOfCaller());
      for (const { task } of [...this.#children]) task.cancel(error.message);
    });
  }

  async #run<T>(
    body: (group: TaskGroup) => PromiseLike<T> | T,
  ): Promise<T | undefined> {
    const ending: Ending = { value: undefined, errors: [], outerCancels: [] };
    await this.#runBody(body, ending);
    this.#scope.pending = undefined; // the group's own cancel is taken back
    if (this.#children.size > 0) {
      await runInScope(this.#scope, () => this.#waitForChildren(ending));
    }
    this.#state = "over";
    this.#scope.close();
    return this.#conclude(ending) as T | undefined;
  }

  /**
   * Holds the first steps of the children back until the synchronous part of
   * the body is over: if the body fails there, no child starts.
   */
  #runBody<T>(
    body: (group: TaskGroup) => PromiseLike<T> | T,
    ending: Ending,
  ): Promise<void> {
    const release = this.#scope.loop.hold();
    const ended = callInScope(this.#scope, body, this).then((value) => {
      this.#bodyRuns = false;
      ending.value = value;
    }, (error) => this.#bodyFailed(error, ending));
    release();
    return ended;
  }

  #bodyFailed(error: unknown, ending: Ending): void {
    this.#bodyRuns = false;
    const outcome = this.#scope.outcomeOf(error);
    if (outcome.kind === "error") ending.errors.push(outcome.error);
    else if (outcome.kind === "outerCancel" || this.#state !== "ending") {
      ending.outerCancels.push(outcome.error);
    }
    // If the body was cancelled, the children get the same cancel.
    const message = "the body of the group failed";
    this.#end(
      ending.outerCancels[0] ?? cancellation(this.#scope.loop, message),
    );
  }

  async #waitForChildren({ outerCancels }: Ending): Promise<void> {
    while (this.#children.size > 0) {
      try {
        await (checkpointIfCancelled() ?? this.#idle.wait());
      } catch (error) {
        outerCancels.push(error as CancelledError);
        this.#end(error as CancelledError);
      }
    }
  }

  #conclude({ value, errors, outerCancels }: Ending): unknown {
    this.#errors.push(...errors); // the body's come last, as in asyncio
    if (this.#errors.length > 0) {
      if (outerCancels.length === 0) {
        const { outerCancel } = this.#scope;
        if (outerCancel !== undefined) outerCancels.push(outerCancel);
      }
      // They may belong to different scopes (the task, a timeout in it): all
      // are raised again.
      for (const cancel of outerCancels) this.#scope.parent!.renew(cancel);
      throw new AggregateError(this.#errors, describeErrors(this.#errors));
    }
    const last = outerCancels.at(-1);
    if (last !== undefined) throw last;
    return value;
  }

  static {
    open = (scope, limit) => new TaskGroup(scope, limit);
    runBody = (group, body) => group.#run(body);
    printable(TaskGroup, (group) => ({
      state: group.#state,
      tasks: group.#children.size,
      errors: group.#errors.length,
    }));
  }
}

/**
 * Runs `body`, which may start tasks in the group, and settles when all of them
 * have ended. Mirrors `asyncio.TaskGroup`.
 *
 * - The first failure cancels the other children and the body. Children that
 *   have not started never start. All errors that are not cancels are thrown in
 *   one `AggregateError`, even a single one: in the order in which they came,
 *   the body's last.
 * - A child that is cancelled by itself is no failure.
 * - A cancel from outside cancels the body and all children. If there are
 *   errors as well, they are thrown, and the cancel is delivered at the next
 *   wait.
 * - With `limit`, at most that many children run at a time. The others wait to
 *   start.
 *
 * **Cancel safety:** it settles only when all its children have ended, so no
 * task is left behind.
 *
 * @throws {AggregateError} The body or children failed.
 * @throws {RangeError} `limit` is not at least 1.
 *
 * @returns What the body returns; `undefined` if `group.cancel()` ended it
 * before.
 *
 * @example
 * ```ts
 * import { sleep, taskGroup } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const pages: string[] = [];
 * await taskGroup((group) => {
 *   for (const page of ["a", "b", "c"]) {
 *     group.createTask(async () => {
 *       await sleep(1);
 *       pages.push(page);
 *     });
 *   }
 * }, { limit: 2 });
 * assertEquals(pages, ["a", "b", "c"]);
 * ```
 */
export function taskGroup<T>(
  body: (group: TaskGroup) => PromiseLike<T> | T,
  options?: { limit?: number },
): Promise<T> {
  try {
    const limit = checkGroup(body, options);
    const rejection = checkpointOnEntry();
    if (rejection !== undefined) return rejection;
    const scope = openScope();
    if (scope.loop.debug) noteMade(scope);
    const work = runBody(open(scope, limit), body) as Promise<T>;
    return scope.promise = ignoreCancelRejection(work);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Returns the limit, after checking the arguments. */
function checkGroup(body: unknown, options?: { limit?: number }): number {
  checkFunction(body, "Cannot open a task group: the body");
  checkOptions(options, "open a task group");
  const limit = options?.limit ?? Infinity;
  checkLimit(limit, "Cannot open a task group: the limit");
  return limit;
}

function failureBeforeReady(task: Task<unknown>): unknown {
  const { state, error } = completionOf(task);
  if (state !== "done") return error;
  return new Error(
    `Cannot start a child: ${task.name} has ended without calling started()`,
  );
}

function describeErrors(errors: unknown[]): string {
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  return `unhandled errors in a task group (${count}): ${errors[0]}`;
}
