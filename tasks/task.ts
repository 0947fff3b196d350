/** @module */
import {
  type Context,
  contextOf,
  variablesOf,
} from "./kernel/context/context_variables.ts";
import type { EventLoop } from "./event_loop.ts";
import { completionOf, Future } from "./future.ts";
import { CancelScope } from "./kernel/cancel/cancel_scope.ts";
import { endDeliveries } from "./kernel/cancel/in_flight.ts";
import {
  currentScope,
  currentVariables,
  runInScope,
  scopeOfCaller,
} from "./kernel/context/current_scope.ts";
import { cancellation, cancelOf, InvalidStateError } from "./kernel/errors.ts";
import type { FirstSteps } from "./kernel/loop/first_steps.ts";
import type { Runnable } from "./kernel/loop/runnable.ts";
import type { Loop } from "./kernel/loop/loop.ts";
import { type Coroutine, describe, isThenable } from "./kernel/types.ts";
import { printable } from "./kernel/watch/inspect.ts";
import { assimilate } from "./promise_subscription.ts";

/** How a task is made. */
export interface TaskOptions {
  /**
   * The name, for reports and call graphs; `"Task-1"`, `"Task-2"`, ... unless
   * given.
   */
  name?: string | undefined;
  /**
   * Whether it runs at once, up to its first wait, instead of after the
   * caller's synchronous code.
   */
  eager?: boolean | undefined;
  /**
   * The context variables that it runs with. They are shared, not copied.
   * Unless given, it runs with a copy of its creator's.
   */
  context?: Context | undefined;
}

let tasksMade = 0;

/** The loop whose task factory is being called: it makes plain tasks. */
let askedFactory: Loop | undefined = undefined;

/**
 * Returns the public loop of a task; there is none if the user called `new`.
 */
function eventLoopOf(loop: Loop | undefined): EventLoop {
  if (loop !== undefined) return loop.eventLoop as EventLoop;
  throw new TypeError(
    "Cannot construct a Task: write createTask(() => f(x))",
  );
}

let start!: (task: Task<unknown>) => void;

/**
 * Makes a task on `loop`. Its first step is taken soon, or with others in
 * `steps`. For this package only, as what follows.
 */
export let spawn!: <T>(
  coroutine: Coroutine<T>,
  loop: Loop,
  options?: TaskOptions,
  steps?: FirstSteps,
) => Task<T>;

/** Returns whether a task has taken its first step. */
export let hasStarted!: (task: Task<unknown>) => boolean;

/** Returns the scope of a task. */
export let scopeOf!: (task: Task<unknown>) => CancelScope;

/**
 * A coroutine that runs on its own, and the future of its result. Made by
 * {@linkcode createTask}. Mirrors `asyncio.Task`.
 *
 * - A task that is cancelled before it started never runs. If it is cancelled
 *   in a wait, that wait throws the {@linkcode CancelledError} at once. If it
 *   waits for another task or future, that one is cancelled, and the wait
 *   throws when that one has ended.
 * - If it waits for something foreign, its `signal` aborts, and its next wait
 *   throws. A wait that was over before the cancel keeps its value.
 * - A task that catches the error goes on. If it returns while a cancel has not
 *   been delivered, it ends cancelled.
 * - The loop holds it until it has ended: fire-and-forget is safe.
 *
 * **Cancel safety:** as every future: a task that is cancelled while it awaits
 * this one cancels this one.
 *
 * @example
 * ```ts
 * import { createTask, sleep } from "@asyncio/asyncio/tasks";
 * import { assert, assertEquals, assertFalse } from "@std/assert";
 *
 * const task = createTask(() => sleep(60_000), { name: "nap" });
 * await sleep(0);
 * assertEquals([task.name, task.done], ["nap", false]);
 * assert(task.cancel("time to get up"));
 * await task.catch(() => {});
 * assert(task.cancelled);
 * assertFalse(task.cancel()); // it has ended
 * ```
 *
 * @typeParam T The type of its result.
 */
export class Task<T> extends Future<T> {
  readonly #scope: CancelScope;
  #coroutine: Coroutine<T> | undefined;
  #name: string | number;

  private constructor(
    coroutine: Coroutine<T>,
    loop: Loop,
    options: TaskOptions | undefined,
  ) {
    const here = loop === currentScope().loop;
    super(here ? undefined : { loop: eventLoopOf(loop) });
    const context = options?.context;
    const variables = context === undefined
      ? currentVariables().bindings
      : variablesOf(context);
    this.#coroutine = coroutine;
    const name = options?.name;
    this.#name = name === undefined ? ++tasksMade : String(name);
    this.#scope = new CancelScope(loop, this, variables);
    loop.tasks.add(this.#scope);
  }

  /**
   * Its name: `"Task-1"`, `"Task-2"`, ... unless it was given one. Mirrors
   * `asyncio.Task.get_name` and `set_name`.
   */
  get name(): string {
    return typeof this.#name === "string" ? this.#name : `Task-${this.#name}`;
  }

  set name(value: string) {
    this.#name = String(value);
  }

  /** The loop it runs on. Mirrors `asyncio.Task.get_loop`. */
  get loop(): EventLoop {
    return this.#scope.loop.eventLoop as EventLoop;
  }

  /**
   * A signal for foreign calls: it aborts with the {@linkcode CancelledError}
   * when `cancel()` is called. Once that cancel was delivered or taken back,
   * this is another signal, so read it where it is used.
   */
  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  /**
   * How many cancels were asked for and not taken back. Mirrors
   * `asyncio.Task.cancelling`.
   */
  get cancelling(): number {
    return this.#scope.cancels;
  }

  /**
   * Asks it to end: the waits that it is in throw {@linkcode CancelledError} at
   * once. If it is in none, its next wait does. Returns false if it has ended.
   * Mirrors `asyncio.Task.cancel`.
   *
   * @param message The message of the error.
   */
  override cancel(message?: string): boolean {
    if (this.done) return false;
    const error = cancellation(this.#scope.loop, message);
    this.#scope.cancel(error, scopeOfCaller());
    return true;
  }

  /**
   * Takes one cancel back: for the code that asked for it. If none is left, a
   * cancel that was not delivered yet is not delivered at all. Mirrors
   * `asyncio.Task.uncancel`.
   *
   * @returns How many cancels are left.
   */
  uncancel(): number {
    return this.#scope.uncancel();
  }

  /** The context variables it runs with. Mirrors `asyncio.Task.get_context`. */
  getContext(): Context {
    return contextOf(this.#scope.frame.variables);
  }

  /**
   * Throws: the result of a task is what its coroutine returns. Mirrors
   * `asyncio.Task.set_result`.
   *
   * @throws {InvalidStateError} Always.
   */
  override setResult(_value: T): void {
    throw new InvalidStateError(
      "Cannot set the result of a task: it comes from its coroutine",
    );
  }

  /**
   * Throws: the error of a task is what its coroutine throws. Mirrors
   * `asyncio.Task.set_exception`.
   *
   * @throws {InvalidStateError} Always.
   */
  override setException(_error: unknown): void {
    throw new InvalidStateError(
      "Cannot set the error of a task: it comes from its coroutine",
    );
  }

  /** `"Task"` */
  override get [Symbol.toStringTag](): string {
    return "Task";
  }

  static {
    spawn = (coroutine, loop, options, steps) => {
      loop.checkOpen("create a task");
      if (loop.taskFactory !== undefined && askedFactory !== loop) {
        return madeByFactory(coroutine, loop, options);
      }
      const task = new Task(coroutine, loop, options);
      if (loop.observer !== undefined) loop.observer.made(task);
      if (options?.eager) startNow(task);
      else if (steps !== undefined) steps.add(new FirstStep(task));
      else loop.soon(new FirstStep(task));
      return task;
    };
    start = (task) => {
      const coroutine = task.#coroutine!;
      task.#coroutine = undefined;
      const { observer } = task.#scope.loop;
      if (observer !== undefined) observer.started(task);
      const cancel = task.#scope.takePending();
      if (cancel !== undefined) return fail(task, cancel);
      runInScope(task.#scope, step, coroutine);
    };
    scopeOf = (task) => task.#scope;
    hasStarted = (task) => task.#coroutine === undefined;
    printable(Task, (task) => ({
      name: task.name,
      state: stateOf(task),
      waitsFor: task.done
        ? undefined
        : task.#scope.waits.map((wait) => wait.what),
    }));
  }
}

/** Makes a task with the task factory of `loop`. */
function madeByFactory<T>(
  coroutine: Coroutine<T>,
  loop: Loop,
  options: TaskOptions | undefined,
): Task<T> {
  const before = askedFactory;
  askedFactory = loop;
  let task: unknown;
  try {
    const eventLoop = loop.eventLoop as EventLoop;
    task = loop.taskFactory!(eventLoop, coroutine, options ?? {});
  } finally {
    askedFactory = before;
  }
  if (task instanceof Task) return task;
  throw new TypeError(
    `Cannot create a task: a task factory returns the task that loop.createTask gives, received ${
      describe(task)
    }`,
  );
}

/**
 * Takes the first step of an eager task. Tasks that it makes are no factory's
 * own.
 */
function startNow(task: Task<unknown>): void {
  const before = askedFactory;
  askedFactory = undefined;
  endDeliveries(currentScope()); // the code that makes the task runs
  start(task);
  askedFactory = before;
}

/**
 * Calls the coroutine of the current task. The stack of an error holds the
 * functions and receivers of its frames. So the task is in none of them: it can
 * be collected while its error is kept.
 */
function step(coroutine: Coroutine<unknown>): void {
  try {
    const result = coroutine();
    if (!isThenable(result)) return currentSucceeds(result);
    // In the task's scope: if the result is a future, this is a wait of the
    // task.
    assimilate(result).then(currentSucceeds, currentFails);
  } catch (error) {
    currentFails(error);
  }
}

function currentSucceeds(value: unknown): void {
  succeed(currentScope().task as Task<unknown>, value);
}

function currentFails(error: unknown): void {
  fail(currentScope().task as Task<unknown>, error);
}

function succeed(task: Task<unknown>, value: unknown): void {
  const { pending } = scopeOf(task);
  if (pending !== undefined) return fail(task, pending);
  leave(task);
  completionOf(task).succeed(value);
  close(task);
}

function fail(task: Task<unknown>, error: unknown): void {
  leave(task);
  const cancel = cancelOf(error);
  if (cancel !== undefined) completionOf(task).cancel(cancel);
  else completionOf(task).fail(error);
  close(task);
}

function leave(task: Task<unknown>): void {
  const scope = scopeOf(task);
  const { loop } = scope;
  loop.tasks.remove(scope);
  if (loop.observer !== undefined) loop.observer.ended(task);
}

/**
 * Called last: the wake-ups of tasks that wait for this one come from this one.
 */
function close(task: Task<unknown>): void {
  const scope = scopeOf(task);
  scope.close();
  const { onWait } = scope.loop;
  if (onWait !== undefined) onWait();
}

class FirstStep implements Runnable {
  readonly runsUserCode = true;
  #task: Task<unknown> | undefined;

  constructor(task: Task<unknown>) {
    this.#task = task;
  }

  run(): void {
    const task = this.#task!;
    this.#task = undefined; // see step
    start(task);
  }
}

/** Returns the tasks on `loop` that have not ended, oldest first. */
export function tasksOf(loop: Loop): Task<unknown>[] {
  return Array.from(loop.tasks, ({ task }) => task as Task<unknown>);
}

/** Returns the state of a task in a word. */
function stateOf(task: Task<unknown>): string {
  return completionOf(task).state;
}
